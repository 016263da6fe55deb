"""Log filters."""

from __future__ import annotations

import logging
from http import HTTPStatus


def is_not_a_health_report(record: logging.LogRecord) -> bool:
    """Return False for Django's ERROR line about a /health that answered 503.

    That is the regular answer while something starts or is away. The cause is logged if it
    occurs.
    """
    if getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE:
        return True
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return match is None or match.url_name != "health"
