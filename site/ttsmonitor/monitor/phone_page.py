"""Open on your phone: the address of this site as a QR code, and the switch for that."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from ttsmirror.reasons import Reason, reason_of
from ttsmirror.translations import translate
from ttsmonitor.conf import conf
from ttsmonitor.models import Scope
from ttsmonitor.system.certificates import AUTHORITY
from ttsmonitor.system.commands import is_in_container
from ttsmonitor.web import home_network
from ttsmonitor.web.access import token_of
from ttsmonitor.web.pages import page
from ttsmonitor.web.qr_code import qr_code


@page
def phone(request: HttpRequest) -> HttpResponse:
    """Show the address for a phone, or how to get one."""
    error = home_network.follow()
    address = _address(request)
    context = {
        "error": translate(error),
        "address": address,
        "qr_code": qr_code(address) if address else "",
        "is_encrypted": address.startswith("https:"),
        "is_open": bool(home_network.chosen_scheme()),
        "has_certificate": _has_certificate(),
        "may_have_certificate": home_network.is_local(conf.HTTP_HOST),
        "is_in_container": is_in_container(),  # its network address is of no use to a phone
        "has_home": bool(home_network.home_address()),
        "may_open": _may_open(request),
    }
    return render(request, "ttsmonitor/phone.html", context)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Open the pages to the home network, or close them."""
    if not _may_open(request):
        raise PermissionDenied
    scheme = ""
    if request.POST.get("open") == "1":
        is_encrypted = "encrypted" in request.POST and home_network.is_local(conf.HTTP_HOST)
        scheme = home_network.HTTPS if is_encrypted else home_network.HTTP
    try:
        home_network.choose(scheme)
    except OSError as exc:
        cause = reason_of(exc)
        error = Reason("{path} cannot be written: {cause}", path=str(conf.work_dir), cause=cause)
        messages.error(request, translate(error))
    return redirect("phone")


@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    """Return the authority that a phone is to trust."""
    if not _has_certificate():
        raise Http404
    content = (home_network.certificates() / AUTHORITY).read_bytes()
    headers = {"Content-Disposition": 'attachment; filename="moxie.crt"'}
    return HttpResponse(content, content_type="application/x-x509-ca-cert", headers=headers)


def _has_certificate() -> bool:
    is_encrypted = home_network.chosen_scheme() == home_network.HTTPS
    return is_encrypted and (home_network.certificates() / AUTHORITY).is_file()


def _may_open(request: HttpRequest) -> bool:
    """Return True for an administrator at a browser; a token is for programs."""
    return token_of(request) is None and request.user.has_perm(Scope.ADMIN.permission)


def _address(request: HttpRequest) -> str:
    """Return the address of this site for another device; empty if there is none yet."""
    used, port = split_domain_port(request.get_host())
    if not home_network.is_local(used):
        return f"{request.scheme}://{request.get_host()}/"
    home = home_network.home_address()
    if (scheme := home_network.chosen_scheme()) and home in settings.ALLOWED_HOSTS:
        return f"{scheme}://{home}:{port}/"
    if home_network.is_local(conf.HTTP_HOST):
        return ""
    named = (
        host
        for host in settings.ALLOWED_HOSTS
        if not (home_network.is_local(host) or host[0] in ".*")
    )
    return next((f"http://{host}:{port}/" for host in named), "")
