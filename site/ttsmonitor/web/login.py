"""The login: by password, with a limit for wrong ones, and by a one-time link."""

from __future__ import annotations

import ipaddress
import math
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.urls import is_valid_path
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ttsmonitor.conf import conf
from ttsmonitor.models import Scope, SetupGuide
from ttsmonitor.models.login_links import MINUTES, LoginLink
from ttsmonitor.system.commands import is_in_container
from ttsmonitor.system.ports import answers

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
FORWARDING_HEADERS = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Via",
)
"""Headers of a proxy, whose own address may be a loopback one."""
HOST_BITS = 64
"""Bits of an IPv6 address that a computer chooses itself."""

REFUSALS = {"remote": 403, "unknown": 404, "used": 410, "expired": 410}
"""Reasons for which a one-time link is refused, with their status."""


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None, credentials: dict[str, Any]
) -> HttpResponse:
    """Return the page that says how long to wait; axes calls it after too many wrong passwords."""
    seconds = _seconds_locked(request, credentials)
    target = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    context = {"minutes": math.ceil(seconds / 60), "next": target if is_ours else ""}
    response = render(request, "registration/locked_out.html", context, status=429)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def _seconds_locked(request: HttpRequest, credentials: dict[str, Any]) -> int:
    """Return the seconds until the next password is looked at."""
    handler = AxesDatabaseHandler()
    newest = max(
        attempts.aggregate(newest=Max("attempt_time"))["newest"] or timezone.now()
        for attempts in handler.get_user_attempts(request, credentials)
    )
    return max(1, math.ceil((newest + settings.AXES_COOLOFF_TIME - timezone.now()).total_seconds()))


class LoginForm(AuthenticationForm):
    """The login form. Django's own sentence is too formal in Spanish."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("The user name and the password do not match. Capital letters matter.")
    }


class LoginView(auth_views.LoginView):
    """The login by password, which leads to the guide until that was finished or skipped."""

    form_class = LoginForm
    redirect_authenticated_user = True
    _is_first = False

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in."""
        self._is_first = form.get_user().last_login is None
        return super().form_valid(form)

    def get_success_url(self) -> str:
        """Return the page that was asked for; in place of the first page, perhaps the guide."""
        url = str(super().get_success_url())
        return first_page(self.request, is_first=self._is_first) if url == "/" else url


def first_page(request: HttpRequest, *, is_first: bool) -> str:
    """Return where a login leads that asked for no other page than the first one.

    `is_first` is True for the first login of an account.
    """
    guide = SetupGuide.objects.first()
    is_open = is_first if guide is None else guide.closed_at is None
    if not is_open or not request.user.has_perm(Scope.ADMIN.permission):
        return "/"
    if is_valid_path("/setup/", getattr(request, "urlconf", None)):
        return "/setup/"
    # The hive's process: the guide is on the monitor, unless that runs on another computer. The
    # content policy cannot name an IPv6 address, to which a form may lead.
    name, _port = split_domain_port(request.get_host())
    is_there = is_in_container() or answers(conf.HTTP_HOST, conf.HTTP_PORT)
    if "[" in name or not is_there:
        return "/"
    return f"{request.scheme}://{name}:{conf.HTTP_PORT}/setup/"


@login_not_required
@require_GET
@never_cache
def login_once(request: HttpRequest, secret: str) -> HttpResponse:
    """Log in by a one-time link, on the computer of the server only."""
    if not is_local(request):
        return _refuse_link(request, "remote")
    link = LoginLink.find(secret)
    if link is None:
        return _refuse_link(request, "unknown")
    if not link.use():
        return _refuse_link(request, "used" if link.used_at else "expired")
    is_first = link.user.last_login is None
    login(request, link.user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(first_page(request, is_first=is_first))


def _refuse_link(request: HttpRequest, reason: str) -> HttpResponse:
    context = {"reason": reason, "minutes": MINUTES}
    return render(request, "registration/link_refused.html", context, status=REFUSALS[reason])


def is_local(request: HttpRequest) -> bool:
    """Return True for a browser on the server's own computer, without a proxy between."""
    if any(name in request.headers for name in FORWARDING_HEADERS):
        return False
    name, _port = split_domain_port(request.get_host())
    peer = _peer(request)
    return name in LOOPBACK_NAMES and peer is not None and peer.is_loopback


def counted_address(request: HttpRequest) -> str | None:
    """Return the address for which axes counts wrong passwords; None if it is unknown.

    A program on this computer may come from any address of 127.0.0.0/8, and a computer with IPv6
    from any of its network. Each counts as one, or it would have tries without end.
    """
    peer = _peer(request)
    if peer is None:
        return None
    if peer.is_loopback:
        return "127.0.0.1"
    if peer.version == 4:
        return str(peer)
    return str(ipaddress.IPv6Address(int(peer) >> HOST_BITS << HOST_BITS))


def _peer(request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        peer = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return None
    return getattr(peer, "ipv4_mapped", None) or peer
