"""The URLs of the history, served by both sites."""

from django.urls import path

from ttsmonitor.monitor import history_page

urlpatterns = [
    path("", history_page.history, name="history"),
    path("download.<str:form>", history_page.download, name="history-download"),
    path("again/", history_page.say_again, name="history-again"),
    path("delete/", history_page.delete, name="history-delete"),
    path("keep/", history_page.keep, name="history-keep"),
]
