import re

from ttsmonitor.language.tracked_text import TrackedText


def test_new_words_stand_for_what_they_replace() -> None:
    tracked = TrackedText.of("Son 21 días.").sub(re.compile(r"\d+"), "veintiún")
    assert tracked.text == "Son veintiún días."
    assert tracked.origins[4:12] == (4,) * 8
    assert tracked.origins[12:] == (6, 7, 8, 9, 10, 11)


def test_shared_ends_of_a_replacement_keep_their_places() -> None:
    tracked = TrackedText.of("Mide 3 m hoy").sub(
        re.compile(r"Mide 3 m hoy"), "Mide tres metros hoy"
    )
    assert tracked.origins[:5] == (0, 1, 2, 3, 4)
    assert tracked.origins[-4:] == (8, 9, 10, 11)
    assert set(tracked.origins[5:-4]) == {5}


def test_second_rewriting_still_points_into_the_original() -> None:
    tracked = TrackedText.of("a &amp; b 5").sub(re.compile("&amp;"), "&")
    tracked = tracked.sub(re.compile("5"), "cinco").sub(re.compile("&"), "y")
    assert tracked.text == "a y b cinco"
    assert tracked.origins[2] == 2
    assert set(tracked.origins[-5:]) == {10}


def test_text_without_a_match_stays_the_same_object() -> None:
    tracked = TrackedText.of("hola")
    assert tracked.sub(re.compile("x"), "y") is tracked


def test_insertion_at_the_end_stands_for_the_last_character() -> None:
    assert TrackedText.of("hola").sub(re.compile(r"$"), ".").origins == (0, 1, 2, 3, 3)
