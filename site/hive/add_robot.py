"""The pages that add a robot: a real one by two QR codes, or the simulated one."""

from __future__ import annotations

import ipaddress
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from hive.api.robots import DECIDE
from hive.broker.reach import is_own_address
from hive.labels import strings
from hive.models import Configuration, Robot
from hive.mqtt.moxie_server import get_moxie_server
from hive.mqtt.pairing_codes import endpoint_code, wifi_code
from hive.mqtt.simulated_robot import get_simulated_robot, own_device_id
from ttsmonitor.conf import conf
from ttsmonitor.models import Scope, SetupGuide
from ttsmonitor.models.setup_guide import ROBOT, SESSION_KEY
from ttsmonitor.system.commands import is_in_container
from ttsmonitor.system.ports import answers
from ttsmonitor.web import home_network
from ttsmonitor.web.access import needs
from ttsmonitor.web.pages import page
from ttsmonitor.web.qr_code import qr_code

SSID_BYTES = 32
PASSWORD_LENGTHS = range(8, 65)
"""Characters of a WPA password, or of its key in hexadecimal digits."""
STEPS = (
    ("add-robot", gettext_lazy("Prepare")),
    ("add-robot-wifi", gettext_lazy("Wi-Fi")),
    ("add-robot-code", gettext_lazy("Address")),
    ("add-robot-meet", gettext_lazy("Let it in")),
)
"""The pages in their order: the name of the URL, and what the progress line says."""

decides = needs(Scope.ADMIN, DECIDE)


class WifiForm(forms.Form):
    """A Wi-Fi network and its password, which are kept nowhere."""

    ssid = forms.CharField(strip=False)
    password = forms.CharField(required=False, strip=False)
    hidden = forms.BooleanField(required=False)

    def clean_ssid(self) -> str:
        """Refuse a name that no network can have."""
        ssid: str = self.cleaned_data["ssid"]
        if len(ssid.encode()) > SSID_BYTES:
            raise forms.ValidationError(_("That name is too long for a Wi-Fi network."))
        return ssid

    def clean_password(self) -> str:
        """Refuse a password that no network can have; an open network has none."""
        password: str = self.cleaned_data["password"]
        if password and len(password) not in PASSWORD_LENGTHS:
            raise forms.ValidationError(_("A Wi-Fi password has 8 to 64 characters."))
        return password


class EndpointForm(forms.Form):
    """The address of this computer in the home network."""

    host = forms.CharField(max_length=253)
    port = forms.IntegerField(min_value=1, max_value=65535)

    def clean_host(self) -> str:
        """Refuse what a robot cannot reach: no IPv4 address, or one of this computer alone."""
        try:
            address = ipaddress.IPv4Address(self.cleaned_data["host"].strip())
        except ValueError as exc:
            raise forms.ValidationError(_("Enter an address such as 192.168.1.20.")) from exc
        if address.is_loopback or address.is_unspecified:
            raise forms.ValidationError(_("A robot cannot reach this computer at that address."))
        return str(address)


@decides
@page
def begin(request: HttpRequest) -> HttpResponse:
    """Say what a real robot needs, and what of this computer is missing."""
    return _render(request, "add-robot", {"obstacle": _obstacle()})


@decides
@sensitive_post_parameters("password")
@sensitive_variables("form", "context")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_protect
def wifi(request: HttpRequest) -> HttpResponse:
    """Ask for the home's Wi-Fi, and show it as a QR code in the answer alone."""
    form = WifiForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        given = form.cleaned_data
        code = wifi_code(given["ssid"], given["password"], hidden=given["hidden"])
        context |= {"qr_code": qr_code(code), "ssid": given["ssid"]}
    return _render(request, "add-robot-wifi", context)


@decides
@page
def code(request: HttpRequest) -> HttpResponse:
    """Show the QR code with this computer's address."""
    return _code(request, EndpointForm(initial=_suggested(request)))


@decides
@require_POST
def make_code(request: HttpRequest) -> HttpResponse:
    """Keep the address that a robot is told, and show its QR code."""
    form = EndpointForm(request.POST)
    if not form.is_valid():
        return _code(request, form)
    Configuration.note_endpoint(**form.cleaned_data)
    return redirect("add-robot-code")


@decides
@page
def meet(request: HttpRequest) -> HttpResponse:
    """Show robots as they come: let them in, and name them."""
    robots = Robot.objects.order_by("-created_at")
    context = {
        "robots": [robot.describe() | {"given_name": robot.name} for robot in robots],
        "strings": strings(),
        "is_simulated": get_simulated_robot().is_running,
        "simulated_id": own_device_id(),
    }
    return _render(request, "add-robot-meet", context)


@decides
@page
def simulated(request: HttpRequest) -> HttpResponse:
    """Offer the simulated robot."""
    context = {
        "is_simulated": get_simulated_robot().is_running,
        "guide": SESSION_KEY in request.session,
    }
    return render(request, "hive/add_robot/simulated.html", context)


@decides
@require_POST
def switch_simulated(request: HttpRequest) -> HttpResponse:
    """Start the simulated robot, or switch it off."""
    robot = get_simulated_robot()
    if request.POST.get("on") != "1":
        robot.stop()
        return redirect("add-robot-simulated")
    try:
        robot.start()
    except OSError as exc:
        messages.error(
            request, _("The simulated robot could not be started: {error}").format(error=exc)
        )
        return redirect("add-robot-simulated")
    return redirect("add-robot-meet")


@decides
@page
def done(request: HttpRequest) -> HttpResponse:
    """Lead back to the guide if it is under way, else to the robots.

    It is a link: browsers refuse to be led from a form to another port.
    """
    if SESSION_KEY not in request.session:
        return redirect("dashboard")
    step = "robot"
    if Robot.objects.approved().exists():
        SetupGuide.load().note(ROBOT)
        step = "end"
    name, _port = split_domain_port(request.get_host())
    return redirect(f"{request.scheme}://{name}:{conf.HTTP_PORT}/setup/{step}/")


def moved_endpoint() -> tuple[str, str] | None:
    """Return the address that robots were told and the one of this computer, if they differ."""
    told = Configuration.load().endpoint_host
    if not told or is_in_container() or is_own_address(told):
        return None
    return told, home_network.home_address()


def _render(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    names = [each for each, _label in STEPS]
    position = names.index(name)
    steps = [
        {
            "name": each,
            "label": label,
            "url": reverse(each),
            "is_done": index < position,
            "is_now": index == position,
        }
        for index, (each, label) in enumerate(STEPS)
    ]
    context |= {
        "steps": steps,
        "robot_port": conf.MQTT_SSL_PORT,
        "previous": names[position - 1] if position else "",
        "next": names[position + 1] if position + 1 < len(names) else "",
        "guide": SESSION_KEY in request.session,
    }
    return render(request, f"hive/add_robot/{name.replace('-', '_')}.html", context)


def _code(request: HttpRequest, form: EndpointForm) -> HttpResponse:
    configuration = Configuration.load()
    host, port = configuration.endpoint_host, configuration.endpoint_port or conf.MQTT_SSL_PORT
    context = {
        "form": form,
        "host": host,
        "port": port,
        "moved": moved_endpoint(),
        "obstacle": _obstacle(),
        "qr_code": qr_code(endpoint_code(host, port)) if host and not form.errors else "",
    }
    return _render(request, "add-robot-code", context)


def _suggested(request: HttpRequest) -> dict[str, Any]:
    """Return the address to fill in: a container does not know the one of its computer."""
    configuration = Configuration.load()
    told = configuration.endpoint_host
    if told and (is_in_container() or is_own_address(told)):
        return {"host": told, "port": configuration.endpoint_port}
    return {"host": _home_address(request), "port": conf.MQTT_SSL_PORT}


def _home_address(request: HttpRequest) -> str:
    if not is_in_container():
        return home_network.home_address()
    used, _port = split_domain_port(request.get_host())
    try:  # a phone has it in its address line
        address = ipaddress.IPv4Address(used)
    except ValueError:
        return ""
    return "" if address.is_loopback else used


def _obstacle() -> str:
    """Return why no robot can reach the broker: `network`, `development` or `port`; else empty."""
    if is_in_container():  # its ports are those of the container
        return ""
    home = home_network.home_address()
    if not home:
        return "network"
    if answers(home, conf.MQTT_SSL_PORT):
        return ""
    kind = get_moxie_server().speech.describe()["broker_kind"]
    return "development" if kind == "development" else "port"
