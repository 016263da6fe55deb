"""Open on your phone: the address of this site as a QR code, and the switch for the home network."""

from __future__ import annotations

import segno
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ttsmirror.reasons import Reason, reason_of
from ttsmirror.translations import translate
from ttsmonitor.conf import conf
from ttsmonitor.system.ports import loopback_address
from ttsmonitor.web import home_network
from ttsmonitor.web.pages import page

PERMISSION = "ttsmonitor.admin"


@page
def phone(request: HttpRequest) -> HttpResponse:
    """Show the address for a phone, or how to get one."""
    address = _address(request)
    context = {
        "address": address,
        "qr_code": qr_code(address) if address else "",
        "is_open": home_network.is_open(),
        "is_in_container": home_network.is_in_container(),
        "has_home": bool(home_network.home_address()),
        "may_open": _may_open(request),
    }
    return render(request, "ttsmonitor/phone.html", context)


@require_POST
def set_open(request: HttpRequest) -> HttpResponse:
    """Open the pages to the home network, or close them."""
    if not _may_open(request):
        raise PermissionDenied
    try:
        error = home_network.set_open(request.POST.get("open") == "1")
    except OSError as exc:
        error = Reason(
            "{path} cannot be written: {cause}", path=str(conf.work_dir), cause=reason_of(exc)
        )
    if error:
        messages.error(request, _("The pages could not be opened: {}").format(translate(error)))
    return redirect("phone")


def qr_code(text: str) -> SafeString:
    """Return a QR code as an SVG element without inline style, dark on light in every theme."""
    made = segno.make(text, error="m", micro=False)
    svg = made.svg_inline(dark="#000", light="#fff", omitsize=True, svgclass="qr-code", lineclass=None)
    return mark_safe(svg)  # noqa: S308  made of numbers only


def _may_open(request: HttpRequest) -> bool:
    """Return True for an administrator at a browser; a token is for programs."""
    return "Authorization" not in request.headers and request.user.has_perm(PERMISSION)


def _address(request: HttpRequest) -> str:
    """Return the address of this site for another device; empty if there is none yet."""
    used, port = split_domain_port(request.get_host())
    if not _is_local(used):
        return f"{request.scheme}://{request.get_host()}/"
    home = home_network.home_address()
    if home in settings.ALLOWED_HOSTS and home_network.is_open():
        return f"http://{home}:{port}/"
    if loopback_address(conf.HTTP_HOST):
        return ""
    named = (host for host in settings.ALLOWED_HOSTS if not (_is_local(host) or host[0] in ".*"))
    return next((f"http://{host}:{port}/" for host in named), "")


def _is_local(host: str) -> bool:
    return loopback_address(host.strip("[]")) is not None
