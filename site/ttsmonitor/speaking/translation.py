"""Translate what an utterance says into the listener's language, sentence by sentence.

Sentences are translated on threads of their own, ahead of the speaker. Where a translation fails or
does not come in time, the rest of the utterance is said as it is written, in its own language.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass

from django.db import connections
from django.utils.translation import get_language_info

from ttsmirror.database import AWAY
from ttsmirror.reasons import Reason, join_reasons, reason_of
from ttsmonitor.conf import conf, model_conf
from ttsmonitor.exceptions import TranslationError
from ttsmonitor.language.pipeline import plain_text
from ttsmonitor.language.sentences import split_sentences
from ttsmonitor.language.translation.argos import Argos
from ttsmonitor.language.translation.base import (
    Request,
    TranslationEngine,
    checked,
    language_code,
)
from ttsmonitor.language.translation.openai_endpoint import Endpoint, OpenAIEndpoint
from ttsmonitor.language.translation.prompt import DEFAULT_PROMPT
from ttsmonitor.models import TranslatedSentence, TranslationPrompt
from ttsmonitor.speaking.pieces import Piece

logger = logging.getLogger(__name__)

AUTO = "auto"
"""The TTS_TRANSLATE_ENGINE that takes the first engine that can translate."""
ENGINES = (AUTO, OpenAIEndpoint.name, Argos.name)
THREADS = 2
AHEAD = 200
"""Translations that are being made or wait to be used, at most."""
LOOK_SECONDS = 0.05
"""How often a waiting speaker looks whether the utterance was cancelled."""


def is_wanted(lang: str) -> bool:
    """Return True if a text of this language is to be translated."""
    return conf.TTS_TRANSLATE and language_code(lang) != language_code(conf.TTS_LANG)


@dataclass
class Counts:
    """What a translator has done since it was made."""

    done: int = 0
    """Sentences that were spoken in translation."""
    failed: int = 0
    """Sentences whose translation failed or came too late."""
    requests: int = 0
    """Requests to an engine; a sentence that was translated before needs none."""
    seconds: float = 0.0
    """Time of all requests."""


class Translator:
    """Translates sentences in the background. Any thread may call its methods."""

    def __init__(self) -> None:
        """Start no thread before the first sentence."""
        self.error: str = ""
        """Why the last sentence was not translated; empty if it was."""
        self.counts = Counts()
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._ahead: OrderedDict[Request, Future[str]] = OrderedDict()
        self._engines: tuple[object, list[TranslationEngine]] = (None, [])

    def prepare(self, text: str, lang: str) -> None:
        """Begin to translate a text that will be said soon."""
        if is_wanted(lang):
            for sentence in split_sentences(plain_text(text)):
                self.begin(sentence.strip(), lang)

    def begin(self, sentence: str, lang: str) -> Future[str]:
        """Begin to translate a sentence, unless that has begun; return its future."""
        request = Request(sentence, lang, conf.TTS_LANG)
        with self._lock:
            known = self._ahead.get(request)
            if known is not None:
                return known
            if self._pool is None:
                self._pool = ThreadPoolExecutor(THREADS, "ttsmonitor.translation")
            future = self._pool.submit(self._translate, request)
            self._ahead[request] = future
            while len(self._ahead) > AHEAD:
                self._ahead.popitem(last=False)[1].cancel()
            return future

    def end(self, sentence: str, lang: str, failure: str = "") -> None:
        """Note that a sentence was taken, or given up; the next time it is translated anew."""
        with self._lock:
            future = self._ahead.pop(Request(sentence, lang, conf.TTS_LANG), None)
            self.counts.done += not failure
            self.counts.failed += bool(failure)
        if future is not None and failure:
            future.cancel()
            self.error = failure

    def stop(self) -> None:
        """Drop what waits. Running requests end by their own time limit."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _translate(self, request: Request) -> str:
        try:
            engine = self._engine(request)
            key = TranslatedSentence.key_of(
                engine.name, engine.variant(), request.source, request.target, request.sentence
            )
            if known := _find(key):
                return known
            translation = checked(request, self._ask(engine, request))
            _keep(key, request, translation, engine)
            self.error = ""
            return translation
        except TranslationError as exc:
            self.error = reason_of(exc)
            raise
        except Exception as exc:  # the border to a library and a model
            logger.exception("translation failed with an unexpected error")
            self.error = reason_of(exc)
            raise TranslationError(self.error) from exc
        finally:
            connections.close_all()

    def _ask(self, engine: TranslationEngine, request: Request) -> str:
        """Return the engine's answer, and count the request."""
        began = time.monotonic()
        try:
            return engine.translate(request, conf.TTS_TRANSLATE_SECONDS)
        finally:
            with self._lock:
                self.counts.requests += 1
                self.counts.seconds += time.monotonic() - began

    def _engine(self, request: Request) -> TranslationEngine:
        """Return the first engine that can translate this. Raises TranslationError."""
        problems: list[str] = []
        for engine in self._configured():
            problem = engine.unavailable(request.source, request.target)
            if not problem:
                return engine
            problems.append(problem)
        raise TranslationError(join_reasons(problems))

    def _configured(self) -> Sequence[TranslationEngine]:
        """Return the engines of the settings, made anew where these have changed."""
        endpoint, prompt, directory = _endpoint(), _prompt(), conf.path("TTS_ARGOS_DIR")
        settings = (conf.TTS_TRANSLATE_ENGINE, endpoint, prompt, directory)
        with self._lock:
            if self._engines[0] != settings:
                makers: dict[str, Callable[[], TranslationEngine]] = {
                    OpenAIEndpoint.name: lambda: OpenAIEndpoint(endpoint, prompt, language_name),
                    Argos.name: lambda: Argos(directory),
                }
                chosen = conf.TTS_TRANSLATE_ENGINE
                names = makers if chosen == AUTO else [chosen]
                self._engines = settings, [makers[name]() for name in names if name in makers]
            return self._engines[1]


class Translation:
    """The translation of one utterance while it is spoken. It belongs to the speaker's thread."""

    def __init__(self, translator: Translator, look: Callable[[], None]) -> None:
        """Call `look` while waiting; what it raises ends the translation."""
        self.reason: str = ""
        """Why a part of the utterance was not translated."""
        self._translator = translator
        self._look = look
        self._text = ""
        self._is_used = False

    @property
    def text(self) -> str:
        """Return what is said instead of the written text; empty if nothing was translated."""
        return self._text if self._is_used else ""

    def of(self, piece: Piece, lang: str) -> Iterator[tuple[Piece, str]]:
        """Yield what is to be said for a piece written in `lang`, in order, with its language.

        The places of translated pieces are those in `text`. After a failure the rest stays as it
        is written.
        """
        if not is_wanted(lang) or self.reason:
            yield self._kept(piece, piece.text), lang
            return
        sentences = [each.strip() for each in split_sentences(plain_text(piece.text))]
        futures = [self._translator.begin(sentence, lang) for sentence in sentences]
        for index, (sentence, future) in enumerate(zip(sentences, futures, strict=True)):
            try:
                translated = self._add(self._wait_for(future))
                self._translator.end(sentence, lang)
            except TranslationError as exc:
                self._translator.end(sentence, lang, failure=reason_of(exc))
                self.reason = Reason("not translated: {cause}", cause=reason_of(exc))
                logger.warning("%s", self.reason)
                rest = " ".join(sentences[index:]) if index else piece.text
                yield self._kept(piece, rest), lang
                return
            self._is_used = True
            yield translated, conf.TTS_LANG

    def _kept(self, piece: Piece, text: str) -> Piece:
        """Return what is said as it is written; a part of `text` if anything was translated."""
        added = self._add(text.strip())
        return added if self._is_used else piece

    def _add(self, text: str) -> Piece:
        start = len(self._text) + 1 if self._text else 0
        self._text = f"{self._text} {text}".strip()
        return Piece(text, start)

    def _wait_for(self, future: Future[str]) -> str:
        seconds = conf.TTS_TRANSLATE_SECONDS
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._look()
            try:
                return future.result(LOOK_SECONDS)
            except FutureTimeoutError:
                continue
        raise TranslationError(Reason("no translation within {seconds} s", seconds=seconds))


def language_name(lang: str) -> str:
    """Return the English name of a language, for a language model; its tag if it is unknown."""
    try:
        return str(get_language_info(lang)["name"])
    except KeyError:
        return lang


def _endpoint() -> Endpoint:
    url = conf.TTS_TRANSLATE_URL or model_conf.HIVE_CHAT_URL
    # A key is for the endpoint that it was given for.
    shared_key = model_conf.HIVE_CHAT_KEY if url == model_conf.HIVE_CHAT_URL else ""
    return Endpoint(
        url,
        conf.TTS_TRANSLATE_KEY or shared_key,
        conf.TTS_TRANSLATE_MODEL or model_conf.HIVE_CHAT_MODEL,
    )


def _prompt() -> str:
    try:
        return TranslationPrompt.current()
    except AWAY:
        return DEFAULT_PROMPT


def _find(key: str) -> str:
    try:
        return TranslatedSentence.objects.find(key)
    except AWAY:
        return ""


def _keep(key: str, request: Request, translation: str, engine: TranslationEngine) -> None:
    try:
        TranslatedSentence.objects.keep(
            key,
            source=request.source,
            target=request.target,
            sentence=request.sentence,
            translation=translation,
            engine=engine.name,
        )
    except AWAY as exc:
        logger.warning("translation not cached: %s", exc)
