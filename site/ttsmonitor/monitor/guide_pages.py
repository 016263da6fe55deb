"""The first-run guide: language, voice, sound, robot, and the first sentence."""

from __future__ import annotations

import shlex
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST

from ttsmirror.mqtt.account import SPEECH, account_file, broker_directory
from ttsmonitor.conf import conf
from ttsmonitor.models import Scope, SetupGuide
from ttsmonitor.models.setup_guide import END, LANGUAGE, ROBOT, SESSION_KEY, SOUND, STEPS, VOICE
from ttsmonitor.monitor import guide_state
from ttsmonitor.system.commands import PROJECT, is_in_container, shell_path
from ttsmonitor.system.ports import loopback_address
from ttsmonitor.web.access import needs
from ttsmonitor.web.labels import strings
from ttsmonitor.web.pages import page

LABELS = {
    LANGUAGE: gettext_lazy("Language"),
    VOICE: gettext_lazy("Voice"),
    SOUND: gettext_lazy("Sound"),
    ROBOT: gettext_lazy("Robot"),
    END: gettext_lazy("Hello"),
}
FOLDER = "~/openmoxie"
"""The folder of an OpenMoxie that the page assumes until the visitor enters another."""
YEAR = 365 * 86_400
"""Seconds for which a browser keeps the language of its pages, as Django's own form does not."""

administers = needs(Scope.ADMIN)


@administers
@page
def index(request: HttpRequest) -> HttpResponse:
    """Lead to the step at which to go on."""
    return redirect(f"setup-{SetupGuide.load().step}")


@administers
@require_POST
def skip(request: HttpRequest) -> HttpResponse:
    """Leave the guide for good; Settings leads there again."""
    _close(request, SetupGuide.load())
    messages.info(request, _("You can open the guide again under Settings."))
    return redirect("monitor")


@administers
@require_http_methods(["GET", "HEAD", "POST"])
@gzip_page
@never_cache
@ensure_csrf_cookie
@csrf_protect
def step(request: HttpRequest, name: str) -> HttpResponse:
    """Show a step, or take its answer and go on."""
    guide = SetupGuide.load()
    if request.method != "POST":
        request.session[SESSION_KEY] = True
        return _show(request, guide, name)
    if request.POST.get("go") != "skip":
        guide.note(name)
    if name == END:
        return _finish(request, guide)
    following = STEPS[STEPS.index(name) + 1]
    guide.resume_at(following)
    response = redirect(f"setup-{following}")
    if name == LANGUAGE:
        _choose_languages(request, guide, response)
    return response


def _show(request: HttpRequest, guide: SetupGuide, name: str) -> HttpResponse:
    position, done = STEPS.index(name), guide_state.done(guide)
    steps = [
        {
            "name": each,
            "label": LABELS[each],
            "url": reverse(f"setup-{each}"),
            "is_done": each in done,
            "is_now": each == name,
        }
        for each in STEPS
    ]
    context = {
        "steps": steps,
        "name": name,
        "is_done": name in done,
        "previous": f"setup-{STEPS[position - 1]}" if position else "",
        "strings": strings(),
        **_context(name, guide),
    }
    return render(request, f"ttsmonitor/setup/{name}.html", context)


def _context(name: str, guide: SetupGuide) -> dict[str, Any]:
    """Return what only this step shows."""
    if name == LANGUAGE:
        spoken = guide_state.languages(guide) if guide.languages else [get_language()]
        return {"spoken": spoken, "offered": settings.LANGUAGES}
    if name == ROBOT:
        seen = guide_state.seen()
        return {
            "seen": seen,
            "commands": plug_in_commands(beside_hive=seen["hive"]),
            "docker_commands": docker_commands(),
            "folder": FOLDER,
            "is_other_computer": loopback_address(conf.MQTT_HOST) is None,
            "is_in_container": is_in_container(),
            "wants_password": bool(conf.MQTT_USERNAME),
        }
    if name == END:
        lang = guide_state.languages(guide)[0]
        return {"words": guide_state.HELLO[lang], "lang": lang}
    if name == VOICE:
        spoken = guide_state.languages(guide)
        return {"only": spoken[0] if len(spoken) == 1 else ""}
    return {}


def _choose_languages(request: HttpRequest, guide: SetupGuide, response: HttpResponse) -> None:
    """Store which languages Moxie speaks, and the language of the pages in this browser."""
    known = [code for code, _name in settings.LANGUAGES]
    spoken = [code for code in known if code in request.POST.getlist("spoken")]
    guide.languages = ",".join(spoken)
    guide.save(update_fields=["languages"])
    chosen = request.POST.get("language")
    if chosen in known:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=YEAR, path="/", samesite="Lax"
        )


def _finish(request: HttpRequest, guide: SetupGuide) -> HttpResponse:
    _close(request, guide)
    messages.success(request, _("Moxie is ready. You can open the guide again under Settings."))
    return redirect("monitor")


def _close(request: HttpRequest, guide: SetupGuide) -> None:
    guide.close()
    request.session.pop(SESSION_KEY, None)


def plug_in_commands(folder: str = FOLDER, *, beside_hive: bool = False) -> list[str]:
    """Return the lines that add the mirror to an OpenMoxie of this computer's user.

    They have the broker's address and account where those are not the defaults. No password is
    among them: it is read from its file, or left to who set it. A hive has the port that OpenMoxie
    would take by default; OpenMoxie then takes the one that it has with Docker.
    """
    plug = f"{shell_path(PROJECT / 'script' / 'plug-into')} {folder}"
    return [
        plug,
        f"cd {folder}",
        *(f"export MOXIE_TTS_{name}={value}" for name, value in _broker_settings()),
        "python3 site/manage.py migrate",
        "python3 site/manage.py runserver --noreload" + (" 8001" if beside_hive else ""),
    ]


def docker_commands(folder: str = FOLDER) -> list[str]:
    """Return the lines that add the mirror to an OpenMoxie in Docker."""
    return [
        f"cd {folder}",
        f"export MIRROR={shell_path(PROJECT)}",
        "export COMPOSE_FILE=docker-compose.yml:$MIRROR/docker/plug-in/docker-compose.yml",
        "docker compose up --build -d",
    ]


def _broker_settings() -> list[tuple[str, str]]:
    """Return the settings of the broker that differ from an OpenMoxie's defaults."""
    found = []
    if conf.MQTT_HOST not in ("localhost", "127.0.0.1"):
        found.append(("MQTT_HOST", shlex.quote(conf.MQTT_HOST)))
    if conf.MQTT_TLS:
        found += [("MQTT_TLS", "1"), ("MQTT_SSL_PORT", str(conf.MQTT_SSL_PORT))]
        if conf.MQTT_CA_CERTS:
            found.append(("MQTT_CA_CERTS", shlex.quote(conf.MQTT_CA_CERTS)))
    elif conf.MQTT_PORT != type(conf).MQTT_PORT:
        found.append(("MQTT_PORT", str(conf.MQTT_PORT)))
    if conf.MQTT_USERNAME:
        found.append(("MQTT_USERNAME", shlex.quote(conf.MQTT_USERNAME)))
        found.append(("MQTT_PASSWORD", "'…'"))
    elif not conf.MQTT_ANONYMOUS:
        path = account_file(broker_directory(), conf.MQTT_HOST, SPEECH)
        found.append(("MQTT_USERNAME", SPEECH))
        found.append(("MQTT_PASSWORD", f'"$(cat {shell_path(path)})"'))
    if conf.MQTT_TOPIC != type(conf).MQTT_TOPIC:
        found.append(("MQTT_TOPIC", shlex.quote(conf.MQTT_TOPIC)))
    return found
