"""Records filtered out of the log."""

from __future__ import annotations

import logging

import pytest
from django.test import RequestFactory
from django.urls import resolve

from openmoxie.logs import is_not_a_health_report


@pytest.mark.parametrize(
    ("path", "status", "is_logged"),
    [("/health", 503, False), ("/health", 500, True), ("/api/status", 503, True)],
)
def test_only_503_health_answers_are_not_logged(path: str, status: int, is_logged: bool) -> None:
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path, "openmoxie.urls_monitor")
    record = logging.makeLogRecord({"status_code": status, "request": request})
    assert is_not_a_health_report(record) is is_logged


def test_record_without_a_request_is_kept() -> None:
    assert is_not_a_health_report(logging.makeLogRecord({"status_code": 503}))
