"""Django's admin site, open to staff and to the group `administer`."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite as DjangoAdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from ttsmonitor.models import Scope
from ttsmonitor.web.access import token_of


class AdminSite(DjangoAdminSite):
    """The admin, without a login of its own and closed to tokens."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Return True for a session of staff or of an account that may administer."""
        user = request.user
        is_keeper = user.is_active and (user.is_staff or user.has_perm(Scope.ADMIN.permission))
        return is_keeper and token_of(request) is None

    @method_decorator([never_cache, login_not_required])
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the login of the pages. Raises PermissionDenied for a user who is logged in."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        index = reverse("admin:index", current_app=self.name)
        return redirect_to_login(request.GET.get("next") or index)
