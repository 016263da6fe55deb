"""A queue of answers, in order for each robot, on a thread of its own.

A language model has HIVE_CHAT_SECONDS for an answer; then a line of the module replaces it.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from hive.chat.history import Line
from hive.chat.language_model import AnswerCutError, LanguageModel, ModelError
from hive.chat.sentences import in_sentences
from hive.conf import conf
from hive.models import ChatModule
from ttsmirror.reasons import Reason
from ttsmonitor.language.debris import without_thoughts
from ttsmonitor.language.pipeline import plain_text
from ttsmonitor.language.sentences import Sentences, has_letters

logger = logging.getLogger(__name__)

WAITING = 100
ANSWER_CHARACTERS = 2_000
STOP_SECONDS = 2.0


@dataclass(frozen=True)
class Question:
    """A question to the language model."""

    device_id: str
    module: ChatModule
    prompt: str
    lines: list[Line]
    asked: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class Job:
    """An answer that waits for its turn: of the language model, or known words."""

    device_id: str
    question: Question | None
    on_part: Callable[[str, bool], None] = lambda words, is_last: None
    """Called with each complete sentence, and whether it is the last."""
    on_done: Callable[[str | None], None] = lambda words: None
    """Called once, with the whole answer, or None for none."""
    on_dropped: Callable[[], None] = lambda: None
    """Called instead of `on_done` if the job is interrupted."""
    key: str = ""
    """The utterance's id, by which interrupt() can find the job."""
    is_dropped: bool = field(default=False, init=False)


class AnswerQueue:
    """The answers that are being made or wait. Any thread may call the methods."""

    def __init__(self) -> None:
        self.model = LanguageModel()
        self._waiting: dict[str, deque[Job]] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._answering: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._calls = asyncio.Semaphore(1)
        self._is_stopped = False

    def add(self, job: Job) -> None:
        """Run a job after the earlier ones of its robot, and return.

        A job without a question runs at once where no other one is before it.
        """
        with self._lock:
            queue = self._waiting.get(job.device_id)
            count = sum(map(len, self._waiting.values()))
            if self._is_stopped or count >= WAITING:
                logger.error("question dropped: %d wait already", count)
            elif queue is not None:
                queue.append(job)
                return
            elif job.question is not None:
                self._waiting[job.device_id] = deque([job])
                self._submit(self._work_through(job.device_id))
                return
        job.on_done(None)

    def prepare(self) -> None:
        """Load the language model's library in the background, because that takes a second."""
        with self._lock:
            if not self._is_stopped:
                self._submit(asyncio.to_thread(importlib.import_module, "openai"))

    def interrupt(self, device_id: str, *, key: str = "") -> None:
        """Drop the running and the waiting jobs of a robot, or of all if `device_id` is empty.

        With a `key`, do so only if that job is running. Nothing of them is said after the return.
        """
        with self._lock:
            for each in [device_id] if device_id else list(self._waiting):
                queue = self._waiting.get(each)
                if self._loop is not None and queue and key in ("", queue[0].key):
                    for job in queue:
                        job.is_dropped = True
                    self._loop.call_soon_threadsafe(self._cancel, each)

    def stop(self) -> None:
        """Drop all jobs and end the thread. Idempotent."""
        with self._lock:
            self._is_stopped = True
            loop, thread = self._loop, self._thread
            self._loop = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), loop)
        thread.join(STOP_SECONDS)

    def _submit(self, job: Coroutine[Any, Any, Any]) -> Future[Any]:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._calls = asyncio.Semaphore(conf.HIVE_CHAT_CALLS)
            self._thread = threading.Thread(
                target=self._run_loop, args=(self._loop,), name="hive.chat", daemon=True
            )
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(job, self._loop)

    def _run_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _end(self) -> None:
        with self._lock:
            for job in chain.from_iterable(self._waiting.values()):
                job.is_dropped = True
        tasks = [task for _work, task in self._answering.values()]
        for device_id in list(self._answering):
            self._cancel(device_id)
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.model.close()
        asyncio.get_running_loop().stop()

    def _cancel(self, device_id: str) -> None:
        job, task = self._answering.get(device_id, (None, None))
        if job is not None and task is not None and job.is_dropped:
            task.cancel()

    async def _work_through(self, device_id: str) -> None:
        while True:
            with self._lock:
                queue = self._waiting[device_id]
                if not queue:
                    del self._waiting[device_id]
                    return
                job = queue[0]
            task = asyncio.ensure_future(self._run_job(job))
            self._answering[device_id] = job, task
            await asyncio.wait({task})
            del self._answering[device_id]
            if task.cancelled():
                self._try(job.on_dropped)
            with self._lock:
                queue.popleft()

    async def _run_job(self, job: Job) -> None:
        words = None
        if job.question is not None and not job.is_dropped:
            words = await self._answer(job, job.question)
        self._call(job, job.on_done, words)

    def _call(self, job: Job, step: Callable[..., None], *arguments: object) -> None:
        """Call a step of a job. Raises CancelledError if the job was interrupted."""
        with self._lock:
            if job.is_dropped:
                raise asyncio.CancelledError
            self._try(step, *arguments)

    async def _answer(self, job: Job, question: Question) -> str | None:
        """Return what the model says in its time, or None for nothing."""
        sentences, answer = Sentences(), ""
        try:
            async with asyncio.timeout_at(question.asked + conf.HIVE_CHAT_SECONDS), self._calls:
                stream = self.model.stream(question.module, question.prompt, question.lines)
                async with aclosing(stream), aclosing(in_sentences(stream, sentences)) as pieces:
                    async for sentence in pieces:
                        answer += self._say(job, answer, sentence)
                        if len(answer) > ANSWER_CHARACTERS:
                            return plain_text(answer)
        except AnswerCutError:
            if answer:  # the incomplete sentence is dropped
                return plain_text(answer)
        except TimeoutError:
            seconds = conf.HIVE_CHAT_SECONDS
            self.model.fail(Reason("not done within {seconds} seconds", seconds=seconds))
            return plain_text(answer) or None
        except ModelError:
            return plain_text(answer) or None
        answer += self._say(job, answer, sentences.flush(), is_last=True)
        if not answer:
            self.model.fail(Reason("the answer has nothing to say"))
        return plain_text(answer) or None

    def _say(self, job: Job, answer: str, sentence: str, *, is_last: bool = False) -> str:
        """Have the next sentence of `answer` said, without thoughts; return what is said of it."""
        words = without_thoughts(sentence)
        words = words if answer else words.lstrip()
        if not has_letters(words):
            return ""
        self._call(job, job.on_part, words, is_last)
        return words

    def _try(self, step: Callable[..., None], *arguments: object) -> None:
        try:
            step(*arguments)
        except Exception:
            logger.exception("answer failed")
