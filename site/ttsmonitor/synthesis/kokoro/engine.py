"""The Kokoro engine: ONNX Runtime runs the model, a clause at a time.

Piper's phonemizer (GPL-3), which only the synthesis process imports, makes the phonemes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from onnxruntime import RunOptions

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.kokoro.provider import KokoroVoice
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.piper.engine import PhonemeEngine
from ttsmonitor.synthesis.piper.script import Script
from ttsmonitor.synthesis.piper.speech import Scales
from ttsmonitor.synthesis.piper.stages import session
from ttsmonitor.synthesis.piper.timing import estimated_begins
from ttsmonitor.synthesis.priority_lock import interruptible

SAMPLE_RATE = 24_000
MOST_CHARACTERS = 150
"""Of a run: a small computer takes ten seconds for it, and nothing interrupts a run."""
MOST_TOKENS = 510
GAIN = 1.2
"""Its voices are about equally loud."""
FIRST_PHONEMES = 15
"""The first clause that is spoken alone has at least so many."""
PAUSES = frozenset(",;:.!?…—")

_ROWS = {
    1: ";:,.!?",
    9: '—…"()“” \u0303ʣʥʦʨᵝꭧAI',
    31: "O",
    33: "Q",
    35: "ST",
    39: "W",
    41: "Yᵊabcdef",
    50: "hijklmnopqrstuvwxyzɑɐɒæ",
    75: "βɔɕç",
    80: "ɖðʤə",
    85: "ɚɛɜ",
    90: "ɟ",
    92: "ɡ",
    99: "ɥ",
    101: "ɨɪʝ",
    110: "ɯɰŋɳɲɴø",
    118: "ɸθœ",
    123: "ɹ",
    125: "ɾɻ",
    128: "ʁɽʂʃʈ",
    133: "ʧ",
    135: "ʊʋ",
    138: "ʌɣɤ",
    142: "χʎ",
    147: "ʒʔ",
    156: "ˈˌː",
    162: "ʰ",
    164: "ʲ",
    169: "↓",
    171: "→↗↘",
    177: "ᵻ",
}
"""Symbols with consecutive numbers, by the number of the first."""
TOKENS = {symbol: first + index for first, row in _ROWS.items() for index, symbol in enumerate(row)}
"""Number of each symbol that Kokoro 1.0 knows."""

WRITTEN = {
    "aɪ": "I",
    "aʊ": "W",
    "dʒ": "ʤ",
    "eɪ": "A",
    "oʊ": "O",
    "əʊ": "Q",
    "tʃ": "ʧ",
    "ts": "ʦ",
    "ɔɪ": "Y",
    "c\u0327": "ç",
}
"""How the model writes what eSpeak NG writes in two letters."""
WRITTEN_IN_ENGLISH = {
    "ɜː": "ɜɹ",
    "ɜɹɹ": "ɜɹ",
    "ɚ": "əɹ",
    "əɹɹ": "əɹ",
    "r": "ɹ",
    "ɐ": "ə",
    "ɾ": "T",
}
WRITTEN_IN_AMERICAN = {"ː": ""}


class Model:
    """A loaded model. The voices that speak with it share it."""

    def __init__(self, file: Path, state: str) -> None:
        """Load `file`, which takes about a second."""
        self.state = state
        self._session = session(file)

    def run(self, tokens: Sequence[int], style: Samples, speed: float) -> Samples:
        """Return the sound of at most MOST_TOKENS tokens."""
        given = {
            "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
            "style": style,
            "speed": np.array([speed], dtype=np.float32),
        }
        (sound,) = interruptible(
            lambda options: self._session.run(["audio"], given, options), RunOptions
        )
        return np.asarray(sound, dtype=np.float32).ravel()


@dataclass
class ClauseSpeech:
    """A sentence that is made clause by clause, the first one as soon as possible."""

    runner: KokoroRunner
    phonemes: Sequence[str]
    speed: float
    is_first: bool
    begins: list[float] = field(default_factory=list)
    """The sample at which each phoneme of the clauses begins that were made; an estimate."""
    is_told = False

    def blocks(self) -> Iterator[Samples]:
        """Yield the samples of each clause."""
        made = 0
        for clause in _clauses(self.phonemes) if self.is_first else [self.phonemes]:
            sound = self.runner.sound(clause, self.speed)
            self.begins += [made + begin for begin in estimated_begins(clause, len(sound))]
            made += len(sound)
            yield sound


class KokoroRunner:
    """Speaks phonemes with a voice of the model."""

    most_characters = MOST_CHARACTERS

    def __init__(self, model: Model, voice: KokoroVoice) -> None:
        """Read the style of `voice`. Raises OSError, KeyError, ValueError."""
        self.slowness = 0.0
        self.model = model
        with np.load(voice.styles_file) as styles:
            self._styles: Samples = styles[voice.name].reshape(-1, 1, 256).astype(np.float32)
        self._written = [*WRITTEN.items()]
        if not voice.reads("es"):
            self._written += WRITTEN_IN_ENGLISH.items()
        if voice.is_from("en-US"):
            self._written += WRITTEN_IN_AMERICAN.items()

    def speech(
        self, script: Script, scales: Scales, speaker: int, *, is_first: bool
    ) -> ClauseSpeech:
        """Return a sentence to be spoken."""
        return ClauseSpeech(self, script.phonemes, 1 / scales[1], is_first)

    def sound(self, phonemes: Sequence[str], speed: float) -> Samples:
        """Return the samples of a clause. Raises SynthesisError if nothing of it can be said."""
        tokens = self.tokens(phonemes)
        if not tokens:
            raise SynthesisError(Reason("it knows none of these phonemes"))
        # The model has a style for each number of tokens.
        style = self._styles[min(len(tokens), len(self._styles)) - 1]
        began = perf_counter()
        sound = self.model.run(tokens, style, speed)
        self.slowness = (perf_counter() - began) * SAMPLE_RATE / max(1, len(sound))
        return sound

    def tokens(self, phonemes: Sequence[str]) -> list[int]:
        """Return the tokens of phonemes as eSpeak NG writes them; those it lacks are left out."""
        text = "".join(phonemes)
        for one, other in self._written:
            text = text.replace(one, other)
        return [TOKENS[each] for each in text if each in TOKENS][:MOST_TOKENS]


class KokoroEngine(PhonemeEngine):
    """A voice of Kokoro."""

    def __init__(self, voice: KokoroVoice, load: Callable[[KokoroVoice], Model]) -> None:
        """Load `voice` and its model, and say a clause to prove it. Raises SynthesisError."""
        self._voice = voice
        self._load_model = load
        super().__init__(voice.name, {0: GAIN})

    def _load(self) -> None:
        from piper import PiperVoice
        from piper.config import PiperConfig

        config = PiperConfig.from_dict(
            {
                "audio": {"sample_rate": SAMPLE_RATE},
                "espeak": {"voice": self._voice.espeak_voice},
                "num_symbols": len(TOKENS),
                "num_speakers": 1,
                "phoneme_id_map": {each: [0] for each in (*TOKENS, *"^_$")},
                "inference": {"length_scale": 1.0},
            }
        )
        # Only its phonemizer is used.
        runner = KokoroRunner(self._load_model(self._voice), self._voice)
        self._start(PiperVoice(session=None, config=config), runner)


def _clauses(phonemes: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split a sentence after its pauses, where a clause is not too short to be spoken alone."""
    start = 0
    for end, phoneme in enumerate(phonemes, start=1):
        if phoneme in PAUSES and min(end - start, len(phonemes) - end) >= FIRST_PHONEMES:
            yield phonemes[start:end]
            start = end
    yield phonemes[start:]
