"""The monitor's URLs (:8787)."""

from django.urls import include, path

from openmoxie.urls_shared import urlpatterns as shared_urlpatterns

urlpatterns = [
    path("", include("ttsmonitor.urls")),
    *shared_urlpatterns,
]
