"""Translation by a language model at an OpenAI-compatible endpoint."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ttsmirror.reasons import Reason
from ttsmirror.text import shorten
from ttsmonitor.exceptions import TranslationError
from ttsmonitor.language.translation.base import Request, TranslationEngine
from ttsmonitor.language.translation.prompt import DEFAULT_PROMPT
from ttsmonitor.system.commands import python_command

if TYPE_CHECKING:
    from openai import OpenAI

REASON_CHARACTERS = 200
TOKENS_PER_CHARACTER = 2
MIN_TOKENS = 100


@dataclass(frozen=True)
class Endpoint:
    """The address, key and name of a model."""

    url: str
    key: str
    model: str


class OpenAIEndpoint(TranslationEngine):
    """A language model that is told to translate."""

    name = "openai"

    def __init__(
        self,
        endpoint: Endpoint,
        prompt: str = DEFAULT_PROMPT,
        language_name: Callable[[str], str] = str,
    ) -> None:
        """Translate as `prompt` says, in which {source} and {target} stand for languages.

        `language_name` gives the name of a BCP 47 tag.
        """
        self._endpoint = endpoint
        self._prompt = prompt
        self._language_name = language_name
        self._lock = threading.Lock()
        self._client: OpenAI | None = None

    def unavailable(self, source: str, target: str) -> str:
        """Return what is missing: the library or the model's name."""
        if not self._endpoint.model:
            return Reason("no language model is set: give HIVE_CHAT_MODEL or TTS_TRANSLATE_MODEL")
        if importlib.util.find_spec("openai") is None:
            return Reason(
                "the package {name} is not installed: {command}",
                name="openai",
                command=python_command("-m pip install -r requirements-chat.txt"),
            )
        return ""

    def variant(self) -> str:
        """Return the model and a digest of the prompt."""
        digest = hashlib.sha256(self._prompt.encode()).hexdigest()[:12]
        return f"{self._endpoint.model} {digest}"

    def translate(self, request: Request, timeout_seconds: float) -> str:
        """Ask the model. Raises TranslationError where it does not answer with words."""
        from openai import OpenAIError

        prompt = self._prompt
        for field, lang in (("{source}", request.source), ("{target}", request.target)):
            prompt = prompt.replace(field, self._language_name(lang))
        try:
            answer = self._connect().chat.completions.create(
                model=self._endpoint.model,
                messages=[
                    {"role": "system", "content": prompt},
                    {"role": "user", "content": request.sentence},
                ],
                max_tokens=MIN_TOKENS + TOKENS_PER_CHARACTER * len(request.sentence),
                temperature=0,
                timeout=timeout_seconds,
            )
            words = answer.choices[0].message.content or ""
        except (OpenAIError, AttributeError, IndexError, TypeError, ValueError) as exc:
            # The library raises the last ones for an answer that is not the API's.
            words = shorten(str(exc).strip() or repr(exc), REASON_CHARACTERS)
            raise TranslationError(
                Reason("{url}: {cause}", url=self._endpoint.url, cause=words)
            ) from exc
        return words

    def _connect(self) -> OpenAI:
        from openai import OpenAI  # imported late: it takes a second

        with self._lock:
            if self._client is None:
                self._client = OpenAI(
                    base_url=self._endpoint.url,
                    api_key=self._endpoint.key or "none",
                    max_retries=0,  # there is no time for another attempt
                )
            return self._client
