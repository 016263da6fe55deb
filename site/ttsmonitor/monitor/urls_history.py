"""URLs of the history, which both sites have."""

from django.urls import path

from ttsmonitor.monitor import history_page

urlpatterns = [
    path("", history_page.history, name="history"),
    path("download.<str:form>", history_page.download, name="history-download"),
    path("again/", history_page.say_again, name="history-again"),
    path("delete/", history_page.delete, name="history-delete"),
    path("retention/", history_page.set_retention, name="history-retention"),
]
