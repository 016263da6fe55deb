"""Puppet Mode and the admin."""

from django.contrib import admin
from django.urls import path

from hive.views import puppet_api

urlpatterns = [
    path("hive/puppet_api/<str:device_id>", puppet_api),
    path("admin/", admin.site.urls),
]
