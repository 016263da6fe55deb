"""Translated words for the scripts and templates of the hive's pages."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from ttsmonitor.web.labels import MOODS
from ttsmonitor.web.labels import strings as tts_strings

_STATES = (
    gettext_noop("online"),
    gettext_noop("offline"),
    gettext_noop("waiting"),
    gettext_noop("sent"),
    gettext_noop("making"),
    gettext_noop("speaking"),
    gettext_noop("said"),
    gettext_noop("unconfirmed"),
    gettext_noop("muted"),
    gettext_noop("the robot did not confirm it"),
    gettext_noop("the robot is offline"),
    gettext_noop("the broker cannot be reached"),
)
_PUPPET_STATES = {
    "READY": gettext_noop("ready to speak"),
    "IN_SESSION": gettext_noop("speaking"),
    "EXITING": gettext_noop("leaving Puppet Mode"),
}
_SENTENCES = (
    gettext_noop("last seen {time}"),
    gettext_noop("never seen"),
    gettext_noop("connected since {time}"),
    gettext_noop("battery {percent} %"),
    gettext_noop("{count} of {limit} characters"),
    gettext_noop("is sent in {parts} parts of at most {limit} characters"),
    gettext_noop("That is too long: {limit} characters at most."),
    gettext_noop("There is nothing to say yet."),
    gettext_noop("The speech service has not reported yet: nothing is spoken."),
    gettext_noop("The speech service is not running: sentences wait for it."),
    gettext_noop("The broker cannot be reached: {error}"),
    gettext_noop("Sentences are kept in memory only: {error}"),
    gettext_noop(
        "Published sentences are not confirmed: both sides need the same"
        " topic, and the broker's ACL has to allow it."
    ),
    gettext_noop("Kept until they are stored:"),
    gettext_noop("Dropped, not in the history:"),
    gettext_noop("{count} waiting"),
    gettext_noop("Nothing is said right now."),
    gettext_noop("Interrupted."),
    gettext_noop("The robot was woken up."),
    gettext_noop("{name} waits for approval."),
    gettext_noop("This robot is now called {name}."),
    gettext_noop("No more than {limit} robots may wait. Turned away: {count}"),
    gettext_noop("New robots are let in without asking."),
    gettext_noop("New robots are let in without asking until {time}."),
    gettext_noop(
        "Revoke {name}'s access? It no longer gets settings, and nothing it says is heard."
    ),
    gettext_noop("You"),
    gettext_noop("scripted"),
    gettext_noop("command"),
    gettext_noop("fallback"),
    gettext_noop("The language model {model} answers."),
    gettext_noop(
        "No language model is configured, so a small scripted companion"
        " answers. Choose a model with HIVE_CHAT_MODEL."
    ),
    gettext_noop(
        "The library openai is not installed, so a small scripted companion answers. script/setup"
        " installs it."
    ),
    gettext_noop("No answer of the language model: {error}"),
)


def mood_choices() -> list[tuple[str, str]]:
    """Return each mood with its translated name."""
    return [(mood, gettext(mood)) for mood in MOODS]


def strings() -> dict[str, str]:
    """Return the translations that live.js's say() looks up, by the English text."""
    english = (*_STATES, *_SENTENCES)
    states = {state: puppet_state_label(state) for state in _PUPPET_STATES}
    return tts_strings() | {sentence: gettext(sentence) for sentence in english} | states


def puppet_state_label(state: str) -> str:
    """Return a state of Puppet Mode, translated if it is known."""
    return gettext(_PUPPET_STATES[state]) if state in _PUPPET_STATES else state
