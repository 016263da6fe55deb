"""URLs of both sites: accounts, language, history, admin."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from ttsmonitor.monitor import manifest, phone_page, status_line
from ttsmonitor.web import jsonapi
from ttsmonitor.web.access import needs
from ttsmonitor.web.login import LoginView, login_once

urlpatterns = [
    path(
        "accounts/login/",
        LoginView.as_view(),
        name="login",
    ),
    path("accounts/once/<str:secret>/", login_once, name="login-once"),
    path("accounts/logout/", needs(None)(auth_views.LogoutView.as_view()), name="logout"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("history/", include("ttsmonitor.monitor.urls_history")),
    path("phone/", phone_page.phone, name="phone"),
    path("phone/open/", phone_page.choose, name="phone-open"),
    path("phone/certificate/", phone_page.certificate, name="phone-certificate"),
    path("mend/", status_line.mend, name="mend"),
    path("manifest.webmanifest", manifest.manifest, name="manifest"),
    path("admin/", admin.site.urls),
    path("api/<path:rest>", needs(None)(jsonapi.unknown)),
]
