"""From a written text to the words that every engine gets."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ttsmonitor.language import pipeline
from ttsmonitor.language.pipeline import Pause, plain_text, spoken_text
from ttsmonitor.language.tracked_text import TrackedText
from ttsmonitor.language.unicode_text import with_usual_characters


def spoken(written: str, lang: str = "es") -> str:
    return spoken_text(written, lang).text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Tiene un an\u0303o", "Tiene un año"),
        ("Una ma\u00adri\u00adpo\u00adsa", "Una mariposa"),
        ("\U0001d407\U0001d428la, ｔú", "Hola, tú"),
        ("\ufeffHo\u200bla", "Hola"),
        ("Un ﬁn Ａ", "Un fin A"),
        ("z\u0335\u0321algo", "zalgo"),
        ("Ma&ntilde;ana &quot;m&aacute;s&amp;quot;", 'Mañana "más"'),
        ("a\x00b\x07c", "a b c"),
        ("¡Hola! 🤖👍🏽 ❤️", "¡Hola!"),
        ("🤖🤖", ""),
        ("...", ""),
    ],
)
def test_unusual_characters_become_usual(written: str, said: str) -> None:
    assert spoken(written) == said


def test_characters_that_belong_to_numbers_are_kept_for_their_rules() -> None:
    seen = with_usual_characters(TrackedText.of("½ 1ª 2º x² 10\u202f000 −5 ℃ №3"))
    assert seen.text == "½ 1ª 2º x² 10\u00a0000 -5 °C No.3"


@pytest.mark.parametrize(
    "written",
    [
        "<think>A ver… Sí.</think>¡Hola!",
        "<THINK>A.</Think>\n\n¡Hola!",
        '<thinking mode="a>b">Debo saludar.\n\nSerá breve.</thinking>¡Hola!',
        "<reasoning>x</reasoning>¡Hola!<think>y",
        "Debo saludar. Será breve.</think>¡Hola!",
        "<think>a<think>b</think>c</think>¡Hola!",
        "[THINK]a[/THINK]¡Hola!",
        "◁think▷a◁/think▷¡Hola!",
        "<|channel|>analysis<|message|>A.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>¡Hola!",
        "¡Hola!<|im_end|>",
        "<|im_start|>assistant\n¡Hola!</s>",
        "<s>[INST] Saluda. [/INST] ¡Hola!</s>",
        "<｜Assistant｜>¡Hola!<｜end▁of▁sentence｜>",
        "<start_of_turn>model ¡Hola!<end_of_turn>",
        '¡Hola!<tool_call>{"name": "baila", "arguments": {"n": 1}}</tool_call>',
        '<function_calls><invoke name="x"><parameter>1</parameter></invoke></function_calls>¡Hola!',
        '¡Hola!\n[TOOL_CALLS] [{"name": "x"}]',
        '```python\nprint("hola")\n```\n¡Hola!',
        "~~~\ncódigo\n~~~\n¡Hola!",
        "¡Hola!\n```sh\nls",
        "<!-- nota: > -->¡Hola!<!-- otra",
        '<?xml version="1.0"?><!DOCTYPE speak><speak>¡Hola!</speak>',
        "<![CDATA[¡Hola!]]>",
        '<mark name="cmd:a>b,data:{+mood+:+happy+}"/>¡Hola!',
        '¡Hola! <mark name="cmd:playback',
        "¡Hola! <mar",
        '<usel genre="question">¡Hola!</usel>',
        "*sonríe* ¡Hola!",
        "_Moxie sonríe_ ¡Hola!",
        "*abre los ojos* ¡Hola!",
        "*Abre los ojos* ¡Hola!",
        "[risas] ¡Hola!",
        "¡Hola! :) ;-D <3",
        "xD ¡Hola! ^_^",
        '{"name": "baila", "arguments": {"pasos": {"n": 1}}}\n¡Hola!',
        "¡Hola! *se ríe y salta*",
        "*Waves happily* ¡Hola!",
        "Moxie: ¡Hola!",
        "**Moxie:** ¡Hola!",
        "Assistant: Moxie: ¡Hola!",
        "silent: 3\n¡Hola!",
        "animation: happy\n¡Hola!",
        "***\n¡Hola!\n---\n* * *\n___",
        "[1]: https://example.org/x\n¡Hola![^1]",
    ],
)
def test_debris_is_silent(written: str) -> None:
    assert spoken(written) == "¡Hola!"


def test_stray_end_of_a_thought_silences_no_answer() -> None:
    assert spoken("Claro que sí.</think>") == "Claro que sí."


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Muy** bien, _campeón_ y *amigo* mío.", "Muy bien, campeón y amigo mío."),
        ("¡**Hola, *amigo*!** (_tú_) ~~no~~", "¡Hola, amigo! (tú) no"),
        ("*Hola, amigo*", "Hola, amigo"),
        ("Me gusta *mucho*", "Me gusta mucho"),
        ("*Importante:* no corras", "Importante: no corras"),
        ("Sé \\*esto\\* y [esto]", "Sé esto y esto"),
        ("Usa ```ls``` ya", "Usa ya"),
        ("dijo:sí y a:b", "dijo:sí y a:b"),
        ("# Título #\nTexto.", "Título. Texto."),
        ('Mira [esto (sí)](https://a.es/b_(c) "t") y ![sol](x.png)', "Mira esto (sí) y sol"),
        ("Sé `código` [x][1]", "Sé código x"),
        ("- Pan\n* [ ] Leche\n+ Té", "Pan. Leche. Té."),
        ("> Dijo\n>> que sí", "Dijo. Que sí"),
        ("| Día | Sol |\n|:---|---:|\n| Hoy | Sí |", "Día, Sol. Hoy, Sí."),
        ("Uno.  \r\n \n Dos", "Uno. Dos"),
        ("Tú\ny yo", "Tú. Y yo"),
        ("nombre_de_cosa", "nombre de cosa"),
        ("Hola.¿Qué tal?¡Bien!", "Hola. ¿Qué tal? ¡Bien!"),
        ("Hola,amigo.Luego voy", "Hola, amigo. Luego voy"),
        ("Dijo «sí».Luego (no) ,  fin .", "Dijo «sí».Luego (no), fin."),
        ("uno<br>dos<p>tres</p><ul><li>pan</li><li>té</li></ul>", "uno. Dos. Tres. Pan. Té."),
        ("<b>Ho</b>la, <i>tú</i>", "Hola, tú"),
    ],
)
def test_markup_leaves_its_words(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("written", "lang", "said"),
    [
        (
            "Lee https://es.wikipedia.org/wiki/Sol?a=1#b ahora.",
            "es",
            "Lee enlace a es punto wikipedia punto org ahora.",
        ),
        ("Ve <https://www.casa.com>.", "es", "Ve enlace a casa punto com."),
        ("Ve a casa.com (o www.sol.mx/a).", "es", "Ve a casa punto com (o enlace a sol punto mx)."),
        (
            "Escribe a ana_b@mi-casa.es hoy",
            "es",
            "Escribe a ana guion bajo b arroba mi guion casa punto es hoy",
        ),
        ("Soy @ana", "es", "Soy arroba ana"),
        ("See https://example.org/x, ok", "en-GB", "See link to example dot org, ok"),
        ("Mail ann@home.org", "en", "Mail ann at home dot org"),
        ("Voir example.org", "fr", "Voir example.org"),
    ],
)
def test_addresses_are_said_in_a_few_words(written: str, lang: str, said: str) -> None:
    assert spoken(written, lang) == said


@pytest.mark.parametrize(
    ("written", "lang", "said"),
    [
        ("Hmm… vale", "es", "Um, vale"),
        ("¡Shhh! Brrr, pffff", "es", "¡Chis! Bru, puf"),
        ("Duerme: zzzz. Luego", "es", "Duerme: Luego"),
        ("Holaaaa, nooo, siiií", "es", "Hola, no, sí"),
        ("Pilas HM", "es", "Pilas HM"),
        ("Hm, los mm; mm, sí", "es", "Um, los milímetros; um, sí"),
        ("Shhh, hmm", "en", "Shush, um"),
        ("Ja ja, jajaja", "es", "Ja ja, jajaja"),
    ],
)
def test_sounds_are_not_spelled(written: str, lang: str, said: str) -> None:
    assert spoken(written, lang) == said


@pytest.mark.parametrize(
    ("written", "said", "pauses"),
    [
        ('Uno<break time="2s"/>dos', "Uno, dos", [(4, 2.0)]),
        ("Uno.<break time='500ms' /> Dos", "Uno. Dos", [(4, 0.5)]),
        ('<break time="1s"/>Uno', "Uno", [(0, 1.0)]),
        ('Uno<break strength="x-strong"/>dos', "Uno, dos", [(4, 1.2)]),
        ('Uno<break time="99s"/>dos', "Uno, dos", [(4, 10.0)]),
        ("Uno<break time='bad'/>dos", "Uno, dos", [(4, 0.4)]),
        ("Uno<BREAK>", "Uno,", [(4, 0.4)]),
        ("# Uno\nDos", "Uno. Dos", [(4, 0.3)]),
        ("Uno\n\nDos", "Uno. Dos", [(4, 0.3)]),
        ("Uno\nDos", "Uno. Dos", []),
        ("<p>Uno</p><p>Dos</p>", "Uno. Dos.", [(4, 0.3)]),
        ("***\n\n- Uno\n\n", "Uno.", []),
    ],
)
def test_pauses_have_their_place_and_length(
    written: str, said: str, pauses: list[tuple[int, float]]
) -> None:
    text = spoken_text(written, "es")
    assert text.text == said
    assert text.pauses == tuple(Pause(*each) for each in pauses)


def test_list_number_does_not_stop_and_a_last_number_does() -> None:
    written = spoken("1. Manzanas\n2) Peras")
    assert [each for each in written if each in ".,"] == [",", ".", ",", "."]
    assert [each for each in spoken("Pasos: 1. Corta. 2. Pega.") if each in ".,"] == list(",.,.")
    assert spoken("Ganamos 3. ellos 2.").partition(". ")[2][:5] == "Ellos"


def test_spoken_words_know_their_written_place() -> None:
    written = "**Hola**, <mark name='x'/> el <think>no</think>sol sale. https://a.es/b Fin"
    text = spoken_text(written, "es")
    for word in ("Hola", "sol", "sale", "Fin"):
        assert text.place_of(text.text.index(word)) == written.index(word)
    assert text.place_of(text.text.index("punto")) == written.index("https")


def test_plain_text_keeps_numbers_and_loses_marks() -> None:
    assert plain_text("**Hola**, <b>son</b> 3 &amp; 4 € <think>x</think>") == "Hola, son 3 & 4 €"
    assert plain_text("*sonríe* 😀") == ""


TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from(" .,;:!?…\n¿¡áñ🤖\u0301\u200d*_#`<>/[]()&|-=~\"'thinkbrao1234 "),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=200,
)
MARKS = (
    "<think> </think> <br> <b> </b> <break/> &amp; &lt; ``` <!-- --> [INST] <|im_end|> Moxie: * **"
    ' _ # - 1. > | [a](b.es) @ a@b.es www.a.es hmm Sr. . , ? ¿ hola Sol noooo 5 ( ) " < > / e\u0301'
)
FRAGMENTS = st.lists(st.sampled_from([*MARKS.split(), " ", "\n", "\n\n"]), max_size=25).map("".join)


@given(TEXT | FRAGMENTS)
def test_no_mark_or_control_character_reaches_an_engine(written: str) -> None:
    for lang in ("es", "en", "fr"):
        said = spoken_text(written, lang)
        assert not set(said.text) & set("<>#*_~^|\\{}[]`")
        assert not any(unicodedata.category(each)[0] == "C" for each in said.text)
        assert "  " not in said.text and said.text == said.text.strip()
        assert len(said.origins) == len(said.text) <= 10 * max(3, len(written))
        assert all(0 <= each < len(written) for each in said.origins)
        assert all(0 <= pause.offset <= len(said.text) for pause in said.pauses)


@example("hM12")
@example("21-1,hM")
@example("12Pfft")
@example("-hab.")
@given(TEXT | FRAGMENTS)
def test_spoken_text_is_spoken_as_it_is(written: str) -> None:
    said = spoken(re.sub(r"\d", "", unicodedata.normalize("NFKC", written)))
    assert spoken(said) == said


HOSTILE = (
    '*a·|**a**·|[|[](|<break|<a|^|·|#·|`|<think>|</think>|<│|<a·\'|<a·"|<a·x="y>"·|&amp;|-·x^|1.·a^'
    "|│a│b│^|(|*se·a*·|hmm·|hhhh|aaa·|a@a.|www.a.com·|http://|a.b.|!·|...·|a.·|A.|Sr.·|>·|[x](y)"
    "|[a]:·b^|<!--|```|~~~^|a,b|\u0301|😀|e\u0301|12/3·|<p>|<br>|<break·time='2s'/>|Hola.¿Qué|_a_·"
    '|Moxie:·|@a·|/|=|--^|«.»·|<tool_call>|[INST]|◁think▷|<<SYS>>|x^.·|<mark·name=\'a|"<a"'
)


@pytest.mark.parametrize("piece", HOSTILE.translate(str.maketrans("·^│", " \n¦")).split("|"))
def test_hostile_text_is_put_into_words_quickly(
    piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "expand", lambda text, lang: text)  # it has a test of its own
    text = (piece.replace("¦", "|") * 20_000)[:20_000]
    begin = time.process_time()
    spoken(text)
    taken = time.process_time() - begin
    assert taken < 0.3, "it takes 10 to 60 ms; a quadratic pattern takes seconds"
