"""English: abbreviations."""

from __future__ import annotations

from ttsmonitor.language.language import Language

ENGLISH = Language(
    never_end=(
        "mr mrs ms=Miz dr=doctor prof=professor rev=reverend gen=general capt=captain sgt=sergeant"
        " lt=lieutenant col=colonel maj=major gov=governor sen=senator mt=mount st"
        " vs=versus approx=approximately dept=department tel=telephone"
        " e.g=for_example i.e=that_is"
    ),
    may_end=(
        "etc jr=junior sr=senior inc=incorporated ltd=limited co=company ave=avenue rd=road ft=feet"
        " kg km cm mm a.m=AM p.m=PM U.S U.K Ph.D"
    ),
    numbered=(
        "no=number art=article vol=volume fig=figure ch=chapter p=page pp=pages max=maximum"
        " min=minimum sec=section jan=January feb=February aug=August sept=September oct=October"
        " nov=November dec=December"
    ),
    before_names="and by of for with from to or as",
    before_labels="vitamin group letter vowel option class type part section grade level answer",
    before_places="in the",
    own_words=(
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
    ),
)
