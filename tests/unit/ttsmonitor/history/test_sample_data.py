"""Generated utterances."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance

pytestmark = pytest.mark.django_db


def test_sample_data_needs_add_option_beside_real_history() -> None:
    utterance("de verdad")
    with pytest.raises(CommandError, match="--add"):
        call_command("make_utterances", "10")
    call_command("make_utterances", "10", "--add")
    assert Utterance.objects.count() == 11
