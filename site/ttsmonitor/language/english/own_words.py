"""Words and letters by which a short text is known to be English."""

OWN_WORDS = (
    "hello hi hey bye goodbye yes yeah yep nope please thanks thank sorry welcome good bad"
    " great the is are was were am be been being do does did don't didn't have has had can"
    " can't could will would should shall i i'm i'll you you're your yours he she it it's"
    " its we we're they they're my mine our their his her him them this that that's these"
    " those there here what what's when where who who's why how which not and but or if with"
    " without for from to of at on in by about into let's let right wrong true false ready"
    " done okay wow yay oops love like want need know think say tell look see go come play"
    " sleep eat try again more most some any all very too so just now then today tomorrow"
    " tonight correct win listen sure perfect excellent relax silence breathe mom mommy dad"
    " daddy sing"
)
