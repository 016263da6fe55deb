"""Translate the English sentences of history, health and log.

A placeholder in braces stands for a value; `{cause}` is translated in turn.
"""

from __future__ import annotations

import functools
import re

from django.utils.formats import get_format
from django.utils.translation import get_language, gettext, gettext_noop

# History and health keep reasons in English, in these words; what is not listed is shown as it is.
REASONS = (
    gettext_noop("interrupted by whoever speaks for the robot"),
    gettext_noop("interrupted before its turn"),
    gettext_noop("skipped"),
    gettext_noop("cleared from the queue"),
    gettext_noop("removed from the queue"),
    gettext_noop("too many were waiting (TTS_QUEUE_LIMIT)"),
    gettext_noop("too old to be spoken when its turn came"),
    gettext_noop("there is nothing to say aloud in it"),
    gettext_noop("a chunk came too late to be spoken"),
    gettext_noop("retained by the broker: stored, not spoken"),
    gettext_noop("the service was stopped"),
    gettext_noop("the service ended while this was spoken"),
    gettext_noop("speech service not running in this process"),
    gettext_noop("what is sent through the broker does not come back"),
    gettext_noop("the database takes no writes: another program may have locked it"),
    gettext_noop("sentences wait for longer than they may, and none is spoken"),
    gettext_noop("the sound device has not taken the sentence for a minute"),
    gettext_noop("a thread of the service ended"),
    gettext_noop("the process is not running"),
)
CAUSES = (
    gettext_noop("chunk {numbers} of {total} did not come"),
    gettext_noop("the rest of it did not come"),
    gettext_noop("not connected yet"),
    gettext_noop("not opened yet"),
    gettext_noop("not started yet"),
    gettext_noop("it is closed"),
    gettext_noop("another process has this name"),
    gettext_noop("no broker answers at {address}"),
    gettext_noop("the broker at {address} refused the connection: {cause}"),
    gettext_noop("the connection to the broker at {address} was lost: {cause}"),
    # As paho names them.
    gettext_noop("Unspecified error"),
    gettext_noop("Not authorized"),
    gettext_noop("Bad user name or password"),
    gettext_noop("Server unavailable"),
    gettext_noop("Keep alive timeout"),
    gettext_noop("the database cannot be written: {cause}"),
    gettext_noop("database is locked"),
    gettext_noop("disk I/O error"),
    gettext_noop("database or disk is full"),
    gettext_noop("no sound device can be used ({cause})"),
    gettext_noop("the sound device {name} does not wake up: {cause}"),
    gettext_noop("the sound device {name} cannot play: {cause}"),
    gettext_noop("the sound device {name} went away: {cause}"),
    gettext_noop("the sound device takes no sound: is it suspended?"),
    gettext_noop("PyAudio is not installed, it needs PortAudio: see the README"),
    gettext_noop("TTS_AUDIO_DEVICE={wanted} is none of: {names}"),
    # Of the hive's language model, the last ones as the library names them.
    gettext_noop("not done within {seconds} seconds"),
    gettext_noop("it answered nothing that can be said"),
    gettext_noop("Connection error. {cause}"),
    gettext_noop("All connection attempts failed"),
    gettext_noop("Request timed out."),
    gettext_noop("no utterance has begun"),
    gettext_noop("the voice made no sound"),
    gettext_noop("cutting took more than {seconds} s"),
    gettext_noop("there is no place to keep its parts"),
    gettext_noop("TTS_WAV_DIR={path} takes no files: {cause}"),
    gettext_noop("the WAV file cannot be written: {cause}"),
    gettext_noop("{path} cannot be written: {cause}"),
    gettext_noop("the synthesis process is stopped"),
    gettext_noop("the synthesis process died"),
    gettext_noop("the voice did nothing for {seconds} s"),
    gettext_noop("{cause}; it is started again"),
    gettext_noop("synthesis failed: {cause}"),
    gettext_noop("the voice could not be loaded: {cause}"),
    gettext_noop("eSpeak NG could not be started: its data was not found"),
    gettext_noop("eSpeak NG refused the text (error {code})"),
    gettext_noop("eSpeak NG has no voice for {lang}"),
    gettext_noop("The voice {name} is not installed (installed: {known}). Get it with: {command}"),
    gettext_noop("The voice {name} cannot be loaded; fetch it again. {cause}"),
    gettext_noop("The voice {name} cannot be used: {cause}"),
    gettext_noop("The voice {name} failed: {cause}"),
    gettext_noop(
        "it needs more memory than the synthesis may take (TTS_LOADED_MB and some headroom)"
    ),
    gettext_noop("it makes {seconds} s of sound of {count} phonemes; {most} s are the most"),
    gettext_noop("the voice {name} reads {lang}, and the text is {other}"),
    gettext_noop("the voice {name} names no language, and the text is {lang}"),
    gettext_noop("no Piper voice for {lang} is installed. Get one with: {command}"),
    gettext_noop("{cause}; no Piper voice for {lang} is installed. Get one with: {command}"),
    gettext_noop(
        "{field} is {value}; it has to be {wanted}. Fetch the voice again, or correct the file"
    ),
    gettext_noop("missing"),
    gettext_noop("text"),
    gettext_noop("an object"),
    gettext_noop("an object that is not empty"),
    gettext_noop("a number from {low} to {high}"),
    gettext_noop("a whole number from {low} to {high}"),
    gettext_noop("a list of whole numbers from {low} to {high}"),
    gettext_noop("{cause}; {engine} speaks instead"),
    gettext_noop("the engine {name} is not installed"),
    gettext_noop("the engine {name} failed: {cause}"),
    gettext_noop("{engine} has no voice for {lang}"),
    gettext_noop("{engine} has no voice {name}"),
    gettext_noop("Piper is not installed: {command}"),
    gettext_noop("{path} is missing: a Piper voice is a .onnx file with its .onnx.json beside it"),
    gettext_noop("{path} is empty: delete it and fetch the voice again"),
    gettext_noop("{path} does not describe a Piper voice: {cause}"),
    gettext_noop(
        "this broker tells no counts on $SYS, or its access rules keep them from this account"
    ),
)
"""Why something was not said, or does not work."""

WIRE = (
    gettext_noop("payload of {bytes} bytes: at most {most}"),
    gettext_noop("payload is not UTF-8: {cause}"),
    gettext_noop("payload is not valid JSON: {cause}"),
    gettext_noop("payload is not a JSON object"),
    gettext_noop("{name} is missing or is not a string"),
    gettext_noop("{name} is empty"),
    gettext_noop("{name} has {count} characters: at most {limit}"),
    gettext_noop("{name} has a NUL or half a surrogate pair"),
    gettext_noop("{name} is {value}: not a valid name"),
    gettext_noop("{name} is {value}: give a number from {low} to {high}"),
    gettext_noop("{name} is {value}: give a whole number"),
    gettext_noop("{name} is {value}: not a UUID"),
    gettext_noop("timestamp is {value}: give ISO 8601"),
    gettext_noop("priority is {value}: give normal or high"),
    gettext_noop("action is {value}: give one of {names}"),
    gettext_noop("action {name} needs a value from 0 to 1"),
    gettext_noop("action {name} needs the id of an utterance"),
    gettext_noop("utterance {id} has over {limit} characters"),
    gettext_noop("chunk {number} follows the end of utterance {id}"),
    gettext_noop("{name} is {value}, but utterance {id} came with {known}"),
    gettext_noop("it could not be stored: {cause}"),
)
"""What is wrong with a message, as InvalidMessageError has it."""

LINES = (
    gettext_noop("speech service ready"),
    gettext_noop("monitor ready at {url}"),
    gettext_noop("stopping"),
    gettext_noop("{name} connected to the broker at {address}"),
    gettext_noop("{name} connected to the broker at {address} after a failure"),
    gettext_noop("{name}: {cause}; trying again"),
    gettext_noop("{name}: the network does not answer; left without it"),
    gettext_noop("{name}: dropped a message whose topic is not UTF-8"),
    gettext_noop("{name}: a callback failed"),
    gettext_noop("the broker refused the subscription to {topics}"),
    gettext_noop("could not say goodbye to the broker: {cause}"),
    gettext_noop("payload of {bytes} bytes for {topic} is over the limit"),
    gettext_noop("control: {action} {device}"),
    gettext_noop("{action}: no such utterance: {id}"),
    gettext_noop("utterance {id}: {cause}"),
    # What became of one, as the speaker tells it.
    gettext_noop("spoken {id} ({cause}): {text}"),
    gettext_noop("interrupted {id} ({cause}): {text}"),
    gettext_noop("skipped {id} ({cause}): {text}"),
    gettext_noop("expired {id} ({cause}): {text}"),
    gettext_noop("failed {id} ({cause}): {text}"),
    gettext_noop("quarantined {count} messages, the last on {topic}: {cause}"),
    gettext_noop("ignored a message on {topic}: {cause}"),
    gettext_noop("ignored a retained control message: it is not for now"),
    gettext_noop("too many messages at once: {count} dropped so far"),
    gettext_noop("could not act on a message on {topic}"),
    gettext_noop("could not store what arrived"),
    gettext_noop("the history cannot be written, trying again: {cause}"),
    gettext_noop("could not write to the history, trying again: {cause}"),
    gettext_noop("could not write down {event}"),
    gettext_noop("could not tell what happened"),
    gettext_noop("health check {name} failed"),
    gettext_noop("the queue cannot be read: {cause}"),
    gettext_noop("the clock was set by {seconds} s; what waits follows it"),
    gettext_noop("live changes cannot be pushed: {cause}"),
    gettext_noop("{count} older than {days} days deleted"),
    gettext_noop("{count} utterances deleted"),
    gettext_noop("deletion failed"),
    gettext_noop("deletion failed: {cause}"),
    gettext_noop("retention failed"),
    gettext_noop("retention failed: {cause}"),
    gettext_noop("finishing the sentence, for at most {seconds} s"),
    gettext_noop("sound goes to {device}"),
    gettext_noop("utterance {id} waits for the sound device"),
    gettext_noop("{name} is left out: {cause}"),
    gettext_noop("a listener is left out"),
    gettext_noop("a listener failed"),
    gettext_noop("the output could not be silenced"),
    gettext_noop(
        "Until there is a sound device, what is said is heard in browsers only: the monitor has a "
        "button for it. TTS_AUDIO=wav writes files."
    ),
    gettext_noop("sound to a browser failed"),
    gettext_noop("answer {kind} failed"),
    gettext_noop("how far it is could not be told"),
    gettext_noop("synthesis: {cause}"),
    gettext_noop("synthesis failed"),
    gettext_noop("the engine {name} failed"),
    gettext_noop("left out the engine of the entry point {name}"),
    gettext_noop("the voice could not be loaded"),
    gettext_noop("let go of the voice {name}, to make room"),
    gettext_noop("the cache of sounds cannot be written: {cause}"),
    gettext_noop("the cache of sounds cannot be tidied: {cause}"),
    gettext_noop("{voice} has no speaker {number}; its default one speaks"),
    gettext_noop("{voice}: how loud a speaker is cannot be told: {cause}"),
    gettext_noop("{voice} is spoken a clause at a time, since it cannot be cut: {cause}"),
    gettext_noop("the parts of {voice} are broken, so they are made again: {cause}"),
    gettext_noop("{voice} will be spoken a clause at a time: it cannot be cut: {cause}"),
    gettext_noop("prefetch failed for {id}"),
    gettext_noop("utterance {id} failed with an unexpected error"),
    gettext_noop("the speaker failed; going on with the next utterance"),
    gettext_noop("the speech service could not start"),
    gettext_noop("{cause}: systemd will start the service again"),
    gettext_noop("published {id} on {topic}: {characters} characters in {chunks} chunks"),
    gettext_noop("publishing {count} unconfirmed sentences again"),
    gettext_noop("sentences are confirmed again"),
    gettext_noop("too much waits for the broker: the rest goes out later"),
    gettext_noop("the mirror cannot connect: {cause}; what is said is kept"),
    gettext_noop("the outbox can be written again"),
    gettext_noop("the outbox cannot be used: {cause}"),
    gettext_noop("the outbox cannot be written, sentences are kept in memory: {cause}"),
    gettext_noop("the outbox does not answer: what was said last may be lost"),
    gettext_noop("the outbox does not take {count} sentences"),
    gettext_noop("{count} unconfirmed sentences fell out of the outbox"),
    gettext_noop("could not publish"),
    gettext_noop("could not send {action}"),
    gettext_noop("could not mirror what was said"),
    gettext_noop("could not mirror a part of what was said"),
    gettext_noop("could not mirror what the robot said"),
    gettext_noop("could not end what was said"),
    gettext_noop("{path}: database error"),
    gettext_noop("{path}: unexpected error"),
    gettext_noop(
        "nobody confirms what was published (sentences: {count}): does a speech service "
        "listen on {topic}, and does the broker's ACL let this account write there and "
        "read {status}?"
    ),
    gettext_noop("the outbox cannot be written: {cause}"),
)
"""Of the log that the monitor shows as its activity."""

_DECIMAL = re.compile(r"(-?\d+)\.(\d+(?: s)?)")

MARK = "phrase:"
"""Begins the names of these among the words that scripts get: see say() in live.js."""


def phrase(text: str) -> str:
    """Translate `text` if it is one of these sentences; else return it as it is."""
    return _phrase(text, get_language() or "") if text else ""


def for_scripts() -> dict[str, str]:
    """Return the sentences with their translations; nothing where the language is English."""
    found = {each: gettext(each) for each in sorted({*CAUSES, *WIRE, *LINES})}
    return {f"{MARK}{each}": words for each, words in found.items() if words != each}


@functools.lru_cache(maxsize=1_000)
def _phrase(text: str, language: str) -> str:
    # The language is in force; it is an argument so that each has its own.
    for template, pattern in _patterns():
        if match := pattern.fullmatch(text):
            values = {name: _value(name, value) for name, value in match.groupdict().items()}
            return gettext(template).format(**values)
    return text


def _value(name: str, value: str) -> str:
    """Translate the value of a placeholder: a sentence of ours or a number; not what Moxie said."""
    if name == "text":
        return value
    if match := _DECIMAL.fullmatch(value):
        point: str = get_format("DECIMAL_SEPARATOR")
        return point.join(match.groups())
    return phrase(value)


@functools.cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return the patterns, the most specific first."""
    return [
        (template, _pattern(template))
        for template in sorted({*REASONS, *CAUSES, *WIRE, *LINES}, key=_weight, reverse=True)
    ]


def _weight(template: str) -> int:
    return len(re.sub(r"\{\w+\}", "", template))


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", template)
    literal, names = pieces[::2], pieces[1::2]
    holes = [f"(?P<{name}>.*?)" for name in names]
    whole = re.escape(literal[0]) + "".join(
        hole + re.escape(text) for hole, text in zip(holes, literal[1:], strict=True)
    )
    return re.compile(whole, re.DOTALL)
