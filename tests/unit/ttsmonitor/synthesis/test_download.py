"""Downloads of voices from a local mirror: checked, whole or not at all."""

from __future__ import annotations

import os
import shutil
import socket
import urllib.request
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock
from urllib.error import URLError

import pytest

from tests.support.voice_mirror import VoiceMirror, voice_mirror
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.piper import download
from ttsmonitor.synthesis.piper.catalogue import bundled_catalogue, fetch_catalogue, fetch_sample
from ttsmonitor.synthesis.piper.download import (
    CancelledInstallError,
    clean_unfinished,
    download_voice,
    remove_voice,
)
from ttsmonitor.synthesis.piper.voices import SUGGESTED

CLAUDE = "es_MX-claude-high"


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[VoiceMirror]:
    with voice_mirror(tmp_path / "mirror", CLAUDE) as served:
        yield served


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    return tmp_path / "voices"


def test_bundled_catalogue_has_spanish_and_english_voices_with_checksums() -> None:
    catalogue = bundled_catalogue()
    langs = [voice.lang.partition("_")[0] for voice in catalogue.values()]
    assert langs.count("es") >= 9 and langs.count("en") >= 30
    assert {SUGGESTED["es"], SUGGESTED["en"], CLAUDE} <= set(catalogue)
    claude = catalogue[CLAUDE]
    description, model = claude.files
    assert model.path == "es/es_MX/claude/high/es_MX-claude-high.onnx"
    assert description.name == "es_MX-claude-high.onnx.json"
    assert 60_000_000 < claude.size_bytes < 70_000_000 and len(model.checksum) == 32
    assert (claude.quality, claude.speakers, claude.licence) == ("high", 1, "Apache-2.0")
    assert claude.card_path == "es/es_MX/claude/high/MODEL_CARD"


def test_voice_is_fetched_checked_and_split(mirror: VoiceMirror, voices: Path) -> None:
    seen: list[int] = []
    voice = download_voice(CLAUDE, voices, mirror.url, on_progress=seen.append)
    assert voice.model == voices / f"{CLAUDE}.onnx" and voice.reads("es")
    assert seen == sorted(seen) and seen[-1] == mirror_size(mirror)
    assert {path.name for path in voices.iterdir()} == {
        f"{CLAUDE}.onnx",
        f"{CLAUDE}.onnx.json",
        ".stages",
    }
    remove_voice(CLAUDE, voices)
    assert list(voices.rglob("*.onnx*")) == []
    with pytest.raises(VoiceNotFoundError):
        remove_voice(CLAUDE, voices)


def test_file_with_wrong_checksum_is_not_installed(mirror: VoiceMirror, voices: Path) -> None:
    model = mirror.directory / "es/es_MX/claude/high" / f"{CLAUDE}.onnx"
    content = bytearray(model.read_bytes())
    content[100] ^= 1
    model.write_bytes(content)
    with pytest.raises(SynthesisError, match=r"arrived damaged.*checksum"):
        download_voice(CLAUDE, voices, mirror.url)
    assert list(voices.iterdir()) == []


def test_truncated_file_is_not_installed(mirror: VoiceMirror, voices: Path) -> None:
    model = mirror.directory / "es/es_MX/claude/high" / f"{CLAUDE}.onnx"
    model.write_bytes(model.read_bytes()[:-10])
    with pytest.raises(SynthesisError, match="arrived damaged"):
        download_voice(CLAUDE, voices, mirror.url)
    assert list(voices.iterdir()) == []


def test_published_file_that_is_no_voice_is_not_installed(
    mirror: VoiceMirror, voices: Path, tmp_path: Path
) -> None:
    model = tmp_path / "page.onnx"
    model.write_bytes(b"<html>" * 100)
    shutil.copy(f"{mirror.directory}/es/es_MX/claude/high/{CLAUDE}.onnx.json", f"{model}.json")
    mirror.add("es_ES-page-low", voice_from=model)
    with pytest.raises(SynthesisError, match="is damaged"):
        download_voice("es_ES-page-low", voices, mirror.url)
    assert list(voices.iterdir()) == []


def test_unreachable_source_says_what_to_do_without_internet(voices: Path) -> None:
    with pytest.raises(
        SynthesisError, match=r"fetched: the connection was refused.*copy es_MX-claude-high"
    ):
        download_voice(CLAUDE, voices, "http://127.0.0.1:9")
    assert list(voices.iterdir()) == []


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "does not reach the internet"),
        (TimeoutError("timed out"), "does not answer in time"),
        (ConnectionResetError(104, "Connection reset by peer"), "refused, or it broke off"),
    ],
)
def test_network_failure_is_told_in_plain_words(
    monkeypatch: pytest.MonkeyPatch, voices: Path, cause: OSError, words: str
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", Mock(side_effect=URLError(cause)))
    for attempt in (
        lambda: download_voice(CLAUDE, voices, "http://voices.test"),
        lambda: fetch_catalogue("http://voices.test"),
        lambda: fetch_sample(bundled_catalogue()[CLAUDE], "http://voices.test"),
    ):
        with pytest.raises(SynthesisError, match=words) as caught:
            attempt()
        assert "urlopen" not in str(caught.value)


def test_full_disk_is_named_before_the_download(
    mirror: VoiceMirror, voices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 10**6))
    with pytest.raises(SynthesisError, match=r"is too full: .* MB are needed, 1 MB are free"):
        download_voice(CLAUDE, voices, mirror.url)
    assert list(voices.iterdir()) == []
    assert not any(path.endswith(".onnx") for path in mirror.asked)


def test_voice_that_nobody_publishes_is_not_found(mirror: VoiceMirror, voices: Path) -> None:
    with pytest.raises(VoiceNotFoundError, match="has no voice es_ES-nobody-low"):
        download_voice("es_ES-nobody-low", voices, mirror.url)


def test_cancelled_download_leaves_nothing(mirror: VoiceMirror, voices: Path) -> None:
    def cancel(fetched_bytes: int) -> None:
        raise CancelledInstallError

    with pytest.raises(CancelledInstallError):
        download_voice(CLAUDE, voices, mirror.url, on_progress=cancel)
    assert list(voices.iterdir()) == []


def test_leftovers_of_a_killed_process_are_deleted_but_no_running_download(voices: Path) -> None:
    (voices / ".fetching-killed").mkdir(parents=True)
    (voices / ".fetching-killed" / "half.onnx").write_bytes(b"half")
    with download._unfinished(voices) as running:
        clean_unfinished(voices)
        assert list(voices.iterdir()) == [running]
    assert list(voices.iterdir()) == []


def test_catalogue_leaves_out_entries_that_it_cannot_read(mirror: VoiceMirror) -> None:
    files = mirror.voices[CLAUDE]["files"]
    mirror.voices |= {
        "es_ES-climbs-low": mirror.voices[CLAUDE] | {"files": {"../../es_ES-climbs-low.onnx": {}}},
        "not a voice": mirror.voices[CLAUDE],
        "es_ES-empty-low": {},
        "es_ES-number-low": 7,
        "es_ES-other-low": mirror.voices[CLAUDE] | {"files": files},
    }
    mirror.publish()
    assert set(fetch_catalogue(mirror.url)) == {CLAUDE}


@pytest.mark.parametrize("content", ["[]", "<html>", "[" * 100_000, "7"])
def test_catalogue_that_is_none_is_refused(mirror: VoiceMirror, content: str) -> None:
    (mirror.directory / "voices.json").write_text(content)
    with pytest.raises(SynthesisError, match="list of voices cannot be fetched"):
        fetch_catalogue(mirror.url)


def test_other_addresses_than_http_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="is no http address"):
        fetch_catalogue(f"file://{tmp_path}")


def mirror_size(mirror: VoiceMirror) -> int:
    files = mirror.voices[CLAUDE]["files"]
    return sum(
        os.stat(mirror.directory / path).st_size for path in files if "MODEL_CARD" not in path
    )
