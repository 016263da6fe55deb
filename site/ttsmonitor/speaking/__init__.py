"""An utterance on its way from the queue to the output: turn, voice, progress, outcome."""
