"""The monitor's URLs (:8787)."""

from django.urls import include, path

from openmoxie.urls_shared import urlpatterns as shared_urlpatterns
from ttsmonitor.web.jsonapi import handler400 as handler400
from ttsmonitor.web.jsonapi import handler403 as handler403
from ttsmonitor.web.jsonapi import handler404 as handler404
from ttsmonitor.web.jsonapi import handler500 as handler500

urlpatterns = [
    path("", include("ttsmonitor.monitor.urls")),
    *shared_urlpatterns,
]
