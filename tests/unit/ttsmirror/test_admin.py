"""The history in the admin of an OpenMoxie."""

from __future__ import annotations

from django.contrib.admin import site
from django.utils.translation import override

from ttsmirror.admin import UtteranceAdmin
from ttsmirror.models import Utterance
from ttsmirror.translations import OF_SPEECH_SERVICE


def test_reason_is_shown_in_the_language_of_the_page() -> None:
    page = UtteranceAdmin(Utterance, site)
    with override("es"):
        for reason in OF_SPEECH_SERVICE:
            row = Utterance()
            row.failure = reason
            assert page.why(row) not in ("", str(reason))
    with override("en"):
        assert page.why(row) == str(OF_SPEECH_SERVICE[-1])
    assert "error" in page.exclude
