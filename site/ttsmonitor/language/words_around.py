"""Words that tell what initials and single letters mean, of all languages.

They are joined because a text may quote another language than its own.
"""

BEFORE_NAMES = frozenset(
    "a al con de del según por para entre y e o u ni sobre don doña señor señora doctor doctora"
    " and by of for with from to or as".split()
)
"""Words after which initials belong to a name, as in "según J. Pérez"."""
BEFORE_LABELS = frozenset(
    "plan vitamina grupo letra vocal opción clase tipo parte sección nota nivel respuesta"
    " vitamin group letter vowel option class type part section grade level answer".split()
)
"""Words after which a letter is a label, as in "plan B."."""
BEFORE_PLACES = frozenset("en la los las una in the".split())
"""Words after which several initials are no name, as in "en la U.R.S.S."."""
