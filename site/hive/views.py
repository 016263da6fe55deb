"""The hive's pages: drawn here, kept up to date by their scripts."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from hive import snapshot
from hive.forms import ChatForm
from hive.models import Configuration, Robot
from hive.mqtt.moxie_server import get_moxie_server
from hive.words import mood_choices, puppet_state_label, strings
from ttsmonitor.conf import conf
from ttsmonitor.messages import UTTERANCE_CHARACTERS
from ttsmonitor.views import health_answer


@require_safe
@never_cache
def dashboard(request: HttpRequest) -> HttpResponse:
    """The robots, and whether the speech service speaks for them."""
    context = snapshot.dashboard() | {
        "strings": strings(),
        "simulator_command": snapshot.simulator_command(),
        "robot_port": conf.MQTT_SSL_PORT,
    }
    return render(request, "hive/dashboard.html", context)


@require_safe
@never_cache
@ensure_csrf_cookie
def puppet(request: HttpRequest, device_id: str) -> HttpResponse:
    """Puppet Mode: speak through a robot."""
    robot = get_object_or_404(Robot, device_id=device_id)
    context = snapshot.puppet(robot) | {
        "strings": strings(),
        "moods": mood_choices(),
        "puppet_state": puppet_state_label(robot.puppet_state),
        "most_characters": UTTERANCE_CHARACTERS,
    }
    return render(request, "hive/puppet.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def chat(request: HttpRequest) -> HttpResponse:
    """What Moxie says in conversation."""
    form = ChatForm(request.POST or None, instance=Configuration.load())
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved. Moxie says it from now on."))
        return redirect("chat")
    return render(request, "hive/chat.html", {"form": form})


@login_not_required
@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 when the hive works, else 503, with named checks."""
    return health_answer(request, get_moxie_server().health())
