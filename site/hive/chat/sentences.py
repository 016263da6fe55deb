"""A streamed answer split into sentences that can be spoken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from ttsmonitor.language.sentences import Sentences

IDLE_SECONDS = 0.3
"""A model that is silent for so long after a full stop has ended its sentence."""


async def in_sentences(tokens: AsyncGenerator[str], sentences: Sentences) -> AsyncGenerator[str]:
    """Yield each sentence of `tokens` as soon as it is complete; `sentences` keeps the rest."""
    while True:
        token = asyncio.ensure_future(anext(tokens))
        try:
            if sentences.looks_complete:
                await asyncio.wait({token}, timeout=IDLE_SECONDS)
                if not token.done():
                    yield sentences.flush()
            words = await token
        except StopAsyncIteration:
            return
        finally:
            if not token.done():
                token.cancel()
                await asyncio.wait({token})
        for sentence in sentences.feed(words):
            yield sentence
