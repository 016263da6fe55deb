"""Django's admin with our site."""

from __future__ import annotations

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """Makes our admin site the default one."""

    default_site = "ttsmonitor.web.admin_site.AdminSite"
