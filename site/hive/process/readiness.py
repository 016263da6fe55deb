"""Find out when the processes of run_all are ready, and print it."""

from __future__ import annotations

import contextlib
import json
import logging
import urllib.error
import urllib.request
from dataclasses import replace

from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

from hive.broker.probe import Answer, probe
from hive.conf import conf as hive_conf
from hive.process.account import account_text, in_columns, make_account, one_time_link
from ttsmirror.translations import translate
from ttsmonitor.conf import conf
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.synthesis.base import AUTO, SpeechRequest
from ttsmonitor.synthesis.choice import choose_voice, missing_voice
from ttsmonitor.system.ports import LOCALHOST

logger = logging.getLogger(__name__)


def is_broker_ready() -> bool:
    """Return True if the broker lets us in."""
    return probe() is Answer.BROKER


def is_hive_ready() -> bool:
    """Return True if the login page is served, which needs the whole process and no login."""
    try:
        urllib.request.urlopen(f"{_url(hive_conf.HIVE_PORT)}accounts/login/", timeout=5).close()  # noqa: S310
    except urllib.error.HTTPError as exc:
        return exc.code < 500
    except OSError:
        return False
    return True


def is_speech_ready() -> bool:
    """Return True if the speech service is subscribed; messages before that are lost."""
    try:
        with urllib.request.urlopen(f"{_url(conf.HTTP_PORT)}health", timeout=5) as answer:  # noqa: S310
            content = answer.read()
    except urllib.error.HTTPError as exc:
        content = exc.read()  # another check fails, which the monitor shows
    except OSError:
        return False
    with contextlib.suppress(ValueError, LookupError, TypeError):
        return bool(json.loads(content)["checks"]["broker"]["ok"])
    return False


def summary(broker: str, *, speech: bool) -> str:
    """Return the instructions for the user."""
    elsewhere = _("on the computer with the speech service")
    rows = {
        _("Robots"): _url(hive_conf.HIVE_PORT),
        _("Monitor"): _url(conf.HTTP_PORT) if speech else elsewhere,
        _("Broker"): broker,
    }
    if speech and (missing := missing_voices()):
        rows[_("Voice")] = f"espeak: {translate(missing)}"
    ready = _("Moxie is ready. Ctrl-C stops it.")
    return f"\n{ready}\n{in_columns(rows, indent='  ')}\n"


def first_account() -> str:
    """Create the first account and return its description; empty if there is an account."""
    port = hive_conf.HIVE_PORT
    try:
        password = make_account()
        return "" if password is None else account_text(password, port, one_time_link(port))
    except DatabaseError as exc:
        logger.warning("the first account could not be created: %s", exc)
        return ""
    finally:
        connections.close_all()  # this thread's


def missing_voices() -> str:
    """Return how to get a natural voice of TTS_LANG; empty where one is installed.

    TTS_ENGINE makes no difference.
    """
    config = replace(engine_config(), engine=AUTO)
    is_missing = choose_voice(config, SpeechRequest("")).is_fallback
    return missing_voice(config.lang, config) if is_missing else ""


def _url(port: int) -> str:
    """Return the address of a page on this machine."""
    host = "localhost" if conf.HTTP_HOST in LOCALHOST else conf.HTTP_HOST
    return f"http://{host}:{port}/"
