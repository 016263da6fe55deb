"""An utterance on its way to the loudspeaker: its turn, its voice, what it is joined with, how far
it is, and what becomes of it. The speaker and the subscriber use it.
"""
