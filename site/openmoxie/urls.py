"""The hive's URLs (:8000)."""

from django.urls import include, path

from openmoxie.urls_shared import urlpatterns as shared_urlpatterns

urlpatterns = [
    path("", include("hive.urls")),
    *shared_urlpatterns,
]
