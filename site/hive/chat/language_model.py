"""A language model at an OpenAI-compatible endpoint, which streams its answer."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any

from hive.chat.history import Line
from hive.conf import conf
from hive.exceptions import HiveError
from hive.models import ChatModule
from ttsmirror.reasons import Reason
from ttsmirror.text import shorten

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger(__name__)

REASON_CHARACTERS = 200


class ModelError(HiveError):
    """The language model did not answer."""


class AnswerCutError(ModelError):
    """The answer reached the maximum length, and may end within a sentence."""


def is_installed() -> bool:
    """Return True if the library openai is installed."""
    return importlib.util.find_spec("openai") is not None


class LanguageModel:
    """The endpoint of the settings. Use its coroutines in one event loop."""

    def __init__(self) -> None:
        self.problem: str = ""
        """Why the last question had no answer; empty if it had one."""
        self._client: AsyncOpenAI | None = None
        self._address = ("", "")

    async def stream(
        self, module: ChatModule, prompt: str, lines: Sequence[Line]
    ) -> AsyncGenerator[str]:
        """Yield the answer to the last of `lines`, in pieces as they arrive. Raises ModelError."""
        try:
            said: list[Any] = [{"role": line.role, "content": line.words} for line in lines]
            stream = await self._connect().chat.completions.create(
                model=module.model_name,
                messages=[{"role": "system", "content": prompt}, *said],
                max_tokens=module.max_tokens,
                temperature=module.temperature,
                stream=True,
                timeout=conf.HIVE_CHAT_SECONDS,
            )
            async with stream:
                reason = None
                async for event in stream:
                    for choice in event.choices[:1]:
                        reason = choice.finish_reason or reason
                        if choice.delta.content:
                            yield choice.delta.content
            self.problem = ""
        except Exception as exc:  # the border to the library and the endpoint
            raise self.fail(_reason(exc)) from exc
        if reason == "length":
            raise AnswerCutError

    def fail(self, reason: Reason) -> ModelError:
        """Note why there is no answer, and return that as an error."""
        self.problem = reason
        logger.warning("the language model at %s: %s", conf.HIVE_CHAT_URL, self.problem)
        return ModelError(self.problem)

    async def close(self) -> None:
        """Close the connections to the endpoint."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _connect(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI  # imported late: it takes a second

        address = (conf.HIVE_CHAT_URL, conf.HIVE_CHAT_KEY)
        if self._client is None or address != self._address:
            self._address = address
            self._client = AsyncOpenAI(
                base_url=conf.HIVE_CHAT_URL,
                api_key=conf.HIVE_CHAT_KEY or "none",
                max_retries=0,  # there is no time for another attempt
            )
        return self._client


def _reason(exc: Exception) -> Reason:
    words = shorten(str(exc).strip() or repr(exc), REASON_CHARACTERS)
    cause = shorten(str(exc.__cause__ or "").strip(), REASON_CHARACTERS)
    if not cause or cause in words:
        return Reason(words)
    return Reason("{error} {cause}", error=Reason(words), cause=Reason(cause))
