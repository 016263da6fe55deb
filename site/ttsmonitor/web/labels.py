"""Labels for pages and scripts in the visitor's language."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from ttsmirror.models import Utterance
from ttsmonitor.history.robot_names import VISIT, robot_names
from ttsmonitor.web import translations

SOURCES = {
    "puppet_mode": gettext_noop("Puppet Mode"),
    "chat": gettext_noop("Chat"),
    "monitor": gettext_noop("Typed on the monitor"),
    "system": gettext_noop("System"),
    "home_assistant": gettext_noop("Home Assistant"),
    "setup": gettext_noop("Guide"),
}
VISIT_LABEL = gettext_noop("Talk with Moxie")
SPEAKER_STATES = (
    gettext_noop("idle"),
    gettext_noop("synthesizing"),
    gettext_noop("playing"),
    gettext_noop("paused"),
    gettext_noop("offline"),
)
MOODS = (
    gettext_noop("neutral"),
    gettext_noop("happy"),
    gettext_noop("positive"),
    gettext_noop("angry"),
    gettext_noop("sad"),
    gettext_noop("negative"),
    gettext_noop("shy"),
    gettext_noop("afraid"),
    gettext_noop("concerned"),
    gettext_noop("confused"),
    gettext_noop("curious"),
    gettext_noop("embarrassed"),
)
SCRIPT_SENTENCES = (
    gettext_noop("1 new"),
    gettext_noop("{count} new"),
    gettext_noop("Number {count} in the queue"),
    gettext_noop("Removed from the queue"),
    gettext_noop("The first {count} are shown."),
    gettext_noop("Today"),
    gettext_noop("Yesterday"),
    gettext_noop("On its way."),
    gettext_noop("The server does not answer."),
    gettext_noop("Nothing is said right now."),
    gettext_noop("since {time}"),
    gettext_noop("{count} ms"),
    gettext_noop("{count} s"),
    gettext_noop("{count} min"),
    gettext_noop("Works"),
    gettext_noop("Listen here"),
    gettext_noop("Stop listening"),
    gettext_noop("Click to hear"),
    gettext_noop("Connecting…"),
    gettext_noop("Moxie's speech plays in this browser."),
    gettext_noop("Your browser waits for a click before it plays sound."),
    gettext_noop("No sound: connection lost. This page keeps trying to reconnect."),
    gettext_noop(
        "This speech service does not play in browsers: TTS_AUDIO does not include browser."
    ),
    gettext_noop("This browser cannot play it."),
)
GUIDE_SENTENCES = (
    gettext_noop("Moxie is about to speak…"),
    gettext_noop("Moxie is speaking…"),
    gettext_noop("Moxie has said it."),
    gettext_noop("Moxie has said it, but you may not have heard it:"),
    gettext_noop("Moxie did not say it:"),
    gettext_noop("Nothing is heard yet:"),
)
CHART_SENTENCES = (
    gettext_noop("Sentences"),
    gettext_noop("Characters"),
    gettext_noop("Minutes of sound"),
    gettext_noop("median"),
    gettext_noop("p95"),
    gettext_noop("Others"),
    gettext_noop("When"),
    gettext_noop("coming in"),
    gettext_noop("going out"),
    gettext_noop("{count} h"),
    gettext_noop("{count} days"),
)


def strings() -> dict[str, str]:
    """Return the labels that scripts look up, from English to the visitor's language."""
    english = {
        *SOURCES.values(),
        VISIT_LABEL,
        *SPEAKER_STATES,
        *MOODS,
        *SCRIPT_SENTENCES,
        *GUIDE_SENTENCES,
        *CHART_SENTENCES,
    }
    labels = {status.value: str(status.label) for status in Utterance.Status}
    known = {sentence: gettext(sentence) for sentence in sorted(english)}
    return known | labels | translations.for_scripts()


def source_label(source: str) -> str:
    """Return the label of a known source; another one as it is."""
    return gettext(SOURCES[source]) if source in SOURCES else source


def robot_label(device_id: str) -> str:
    """Return what a robot is called, or a label for a conversation without one."""
    is_visit = device_id.startswith(VISIT)
    return gettext(VISIT_LABEL) if is_visit else robot_names.label(device_id)


def mood_label(mood: str) -> str:
    """Return the label of a known mood; another one as it is."""
    return gettext(mood) if mood in MOODS else mood
