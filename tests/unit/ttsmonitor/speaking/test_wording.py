"""Pieces of an utterance and the requests for them."""

from __future__ import annotations

import pytest

from tests.support.web_fakes import utterance
from ttsmonitor.speaking.pieces import PIECE_CHARACTERS, Piece, Pieces, pieces_of
from ttsmonitor.speaking.wording import wordings

STORY = "Había una vez un sol. <think>No. Sí.</think>La luna salió, y nada más. " * 40


def test_long_text_is_cut_into_pieces_of_whole_sentences() -> None:
    pieces = list(Pieces().take(STORY, is_complete=True))
    assert "".join(each.text for each in pieces) == STORY
    assert [each.start for each in pieces] == [
        STORY.index(each.text, each.start) for each in pieces
    ]
    assert all(len(each.text) <= PIECE_CHARACTERS for each in pieces)
    assert all(each.text.endswith((". ", ".")) for each in pieces)
    assert len(pieces) == 3


def test_short_text_is_one_piece() -> None:
    assert list(Pieces().take("Uno. Dos", is_complete=True)) == [Piece("Uno. Dos", 0)]


def test_growing_text_gives_whole_sentences_only() -> None:
    pieces = Pieces()
    texts = ("Hola. <thi", "Hola. <think>No. ", "Hola. <think>No. </think>Sí. Y")
    taken = [[each.text for each in pieces.take(text, is_complete=False)] for text in texts]
    assert taken == [["Hola. "], [], ["<think>No. </think>Sí. "]]
    assert list(pieces.take("Hola. <think>No. </think>Sí. Y", is_complete=True)) == [Piece("Y", 29)]


def test_finished_sentence_does_not_wait_for_the_next_one() -> None:
    assert list(Pieces().take("Hola, amigo.", is_complete=False)) == [Piece("Hola, amigo.", 0)]


@pytest.mark.django_db
def test_words_of_later_pieces_have_their_places_in_the_whole_text() -> None:
    row = utterance(STORY)
    words = list(wordings(row, pieces_of(row), []))
    assert not any("No" in each.request.text for each in words)
    last = words[-1]
    assert last.place_of(last.request.text.rindex("luna")) == STORY.rindex("luna")


@pytest.mark.django_db
def test_thoughts_alone_are_no_words() -> None:
    row = utterance("<think>Mmm. A ver…</think>\n***")
    assert list(wordings(row, pieces_of(row), [])) == []
