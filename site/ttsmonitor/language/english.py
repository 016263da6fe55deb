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
)
