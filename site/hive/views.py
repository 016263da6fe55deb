"""The hive's pages. Their scripts keep them up to date."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, get_language_info
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hive import snapshot
from hive.add_robot import moved_endpoint
from hive.api.robots import DECIDE, FORGET
from hive.api.schemas import SPEECH_CHARACTERS
from hive.chat.sessions import new_visit
from hive.labels import mood_choices, puppet_state_label, strings
from hive.models import FAVOURITE_CHARACTERS, Robot
from hive.mqtt.moxie_server import get_moxie_server
from ttsmirror.text import CHUNK_CHARACTERS
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmonitor.conf import conf
from ttsmonitor.models import Scope
from ttsmonitor.monitor.forms import voice_choices
from ttsmonitor.monitor.views import health_answer
from ttsmonitor.web.access import is_permitted, needs
from ttsmonitor.web.pages import page


@page
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the robots and the speech service."""
    context = snapshot.dashboard() | {
        "may_decide": is_permitted(request, Scope.ADMIN, DECIDE),
        "may_forget": is_permitted(request, Scope.ADMIN, FORGET),
        "strings": strings(),
        "simulator_command": snapshot.simulator_command(),
        "moved": moved_endpoint(),
    }
    return render(request, "hive/dashboard.html", context)


@needs(Scope.SPEAK)
@page
def puppet(request: HttpRequest, device_id: str) -> HttpResponse:
    """Show Puppet Mode of a robot."""
    robot = get_object_or_404(Robot.objects.approved(), device_id=device_id)
    puppet_state = puppet_state_label(robot.puppet_state)
    return _speaking(request, robot, {"puppet_state": puppet_state})


@needs(Scope.SPEAK)
@page
def loudspeaker(request: HttpRequest) -> HttpResponse:
    """Show the page that speaks without a robot."""
    return _speaking(request, None, {})


def _speaking(request: HttpRequest, robot: Robot | None, more: dict[str, Any]) -> HttpResponse:
    limits = {
        "characters": UTTERANCE_CHARACTERS,
        "part": CHUNK_CHARACTERS,
        "favourite": FAVOURITE_CHARACTERS,
    }
    context = {
        **snapshot.puppet(robot),
        **more,
        "strings": strings(),
        "moods": mood_choices(),
        "limits": limits,
        "voices": voice_choices(),
        "languages": _languages(),
        "device_id": robot.device_id if robot else "",
    }
    return render(request, "hive/puppet.html", context)


def _languages() -> list[tuple[str, str]]:
    """Return the languages in which a line may be said, each by its own name."""
    found = []
    for code in map(str.strip, conf.TTS_LANGUAGES.split(",")):
        try:
            found.append((code, str(get_language_info(code)["name_local"]).capitalize()))
        except KeyError:
            found.append((code, code))
    return found


@needs(Scope.SPEAK)
@page
def chat(request: HttpRequest) -> HttpResponse:
    """Show a conversation without a robot."""
    visit = request.session.setdefault("visit", new_visit())
    context = snapshot.chat(visit)
    asked = request.GET.get("module", "")
    chosen = [each for each in context["modules"] if str(each["id"]) == asked]
    context |= {
        "strings": strings(),
        "visit": visit,
        "chosen": next(iter(chosen or _in_language(context["modules"])), None),
        "most_characters": SPEECH_CHARACTERS,
    }
    return render(request, "hive/chat.html", context)


def _in_language(modules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort modules, those in the visitor's language first."""
    return sorted(modules, key=lambda module: module["lang"] != get_language())


@login_not_required
@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Return named checks, with status 200 when the hive works, else 503."""
    return health_answer(request, get_moxie_server().health())
