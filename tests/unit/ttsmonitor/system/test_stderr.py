"""Output of PortAudio's libraries does not reach the log; all other output does."""

from __future__ import annotations

import subprocess
import sys

from tests.support.tools import ROOT

PROGRAM = """
import logging, os, sys
sys.path.insert(0, "site")
logging.basicConfig(level="INFO")
from ttsmonitor.system.stderr import without_portaudio_noise
logger = logging.getLogger("test")
with without_portaudio_noise():
    for line in (
        "Expression 'ret' failed in 'src/hostapi/alsa/pa_linux_alsa.c', line: 1736",
        "ALSA lib pcm.c:2666:(snd_pcm_open_noupdate) Unknown PCM cards.pcm.rear",
        "connect(2) call to /dev/shm/jack-0/default/jack_0 failed (err=No such file or directory)",
        "free(): invalid pointer",
    ):
        os.write(2, line.encode() + b"\\n")
    logger.info("a line of ours")
    print("another one", file=sys.stderr)
os.write(2, b"ALSA lib: and now everything\\n")
"""


def test_only_portaudio_lines_are_dropped_and_only_within_the_block() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert sorted(done.stderr.splitlines()) == [
        "ALSA lib: and now everything",
        "INFO:test:a line of ours",
        "another one",
        "free(): invalid pointer",
    ]
