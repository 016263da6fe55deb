"""Answers without a language model: the companion and the global commands."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hive.chat.companion import Companion
from hive.chat.companion_phrases import WORDS
from hive.chat.templates import Asked, fill, fill_prompt
from hive.models import ChatModule, GlobalCommand
from hive.patterns import find_problem, matches
from tests.unit.hive.chat.test_chat import answers, request
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer

pytestmark = pytest.mark.usefixtures("modules")


def talk(lang: str, *speeches: str) -> list[str]:
    companion, module = Companion(), ChatModule.objects.get(lang=lang)
    return [companion.answer(DEVICE, module, Asked("Lucía", words)) for words in speeches]


@pytest.mark.parametrize(
    ("lang", "speech", "words"),
    [
        ("es", "¿Cuánto es siete por ocho?", "Son 56."),
        ("es", "cuánto son 12 más 30", "Son 42."),
        ("es", "cinco menos nueve", "menos 4"),
        ("es", "siete entre dos", "3, y sobran 1"),
        ("es", "ocho entre cero", "cero"),
        ("es", "Cuéntame un chiste", "¡"),
        ("es", "Estoy muy triste", "triste"),
        ("es", "Adiós", "Lucía"),
        ("es", "Papá me pega", "persona mayor"),
        ("en", "What is seven times eight?", "makes 56."),
        ("en", "Tell me a joke", "?"),
        ("en", "I am scared", "afraid"),
    ],
)
def test_companion_answers_known_topics(lang: str, speech: str, words: str) -> None:
    assert words in talk(lang, speech)[0]


@pytest.mark.parametrize(("lang", "ask"), [("es", "una adivinanza"), ("en", "a riddle")])
def test_companion_checks_the_answer_to_a_riddle(lang: str, ask: str) -> None:
    words = WORDS[lang]
    first, right, second, wrong = talk(lang, ask, words.riddles[0][1], ask, "…")
    assert (first, second) == (words.riddles[0][0], words.riddles[1][0])
    assert right == words.right.replace("{solution}", words.riddles[0][1])
    assert wrong == words.wrong.replace("{solution}", words.riddles[1][1])


def test_unknown_topic_gets_module_replies() -> None:
    replies = ChatModule.objects.get(lang="es").replies.splitlines()
    assert talk("es", "Vi un gato", "Era negro") == replies[:2]


def test_placeholders_are_filled_and_other_braces_stay() -> None:
    assert fill("Hola, {nickname}: {x} {speech}", Asked("Ana", "sí")) == "Hola, Ana: {x} sí"
    assert fill("¡Hola, {nickname}!", Asked()) == "¡Hola!"
    assert "un niño" in fill_prompt("Hablas con {nickname}.", Asked(), "es")
    assert fill("{nickname}", Asked("{speech}", "x")) != "{nickname}"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "cannot be read"),
        ("[z-a]", "cannot be read"),
        ("a*", "matches everything"),
        ("(a+)+$", "repeats a repetition"),
        (r"(\w+\s?)*fin", "repeats a repetition"),
        ("((a+)b?)+c", "repeats a repetition"),
        ("(a{2,}){11}", "repeats a repetition"),
        ("(?:a|b*c)+?", "repeats a repetition"),
        ("([(]a+)+$", "repeats a repetition"),
    ],
)
def test_unusable_pattern_is_refused_with_reason(pattern: str, words: str) -> None:
    assert words in find_problem(pattern)
    assert not matches(pattern, "a" * 60)


def test_usual_patterns_are_valid() -> None:
    for pattern in (
        r"\bqu[eé] hora es\b|dime la hora",
        "(ab){2}c+",
        ".*hora.*",
        "(uno|dos)+ ya",
        "(a+){3} b+",
        "[(a+)]+",
        r"\(a+\)+",
    ):
        assert find_problem(pattern) == ""
    assert matches("hora es", "¿Qué HORA es?")


def test_default_modules_and_commands_are_valid() -> None:
    for each in (*ChatModule.objects.all(), *GlobalCommand.objects.all()):
        each.full_clean()
    assert {module.lang for module in ChatModule.objects.all()} == {"es", "en"}


def test_global_command_answers_with_action_in_any_module(
    server: SentServer, mirror: FakeMirror
) -> None:
    asked = request("continue", speech="Buenas noches, Moxie", module_id="STORY")
    server.chat.handle_request(DEVICE, asked)

    (answer,) = answers(server)
    assert answer["output"]["text"].startswith("Buenas noches.")
    assert answer["response_action"] == {"output_type": "GLOBAL_RESPONSE", "action": "sleep"}
    assert answer["response_actions"] == [answer["response_action"]]
    ((text, options),) = mirror.texts
    assert (text, options["lang"]) == (answer["output"]["text"], "es")


def test_command_says_time_and_lowest_position_is_used(server: SentServer) -> None:
    GlobalCommand.objects.create(
        name="Antes", pattern="qué hora es", answer="¡La hora {speech}!", position=1
    )
    asked = request("continue", speech="¿Qué hora es?")
    server.chat.handle_request(DEVICE, asked)
    GlobalCommand.objects.filter(position=1).update(is_enabled=False)
    server.chat.handle_request(DEVICE, asked | {"event_id": "e2"})

    first, second = (answer["output"]["text"] for answer in answers(server))
    assert first == "¡La hora ¿Qué hora es?!"
    assert re.fullmatch(r"(Es la una|Son las [a-zé]+)( y [a-zé ]+)?\.", second)
    assert re.fullmatch(r"It is [a-z]+( [a-z-]+)+\.", fill("It is {time}.", Asked(), "en"))
    assert " de " in fill("Hoy es {date}.", Asked(), "es")


def test_command_starts_module(server: SentServer) -> None:
    GlobalCommand.objects.create(
        name="Cuentos", pattern="quiero leer", action="launch", target_module="STORY"
    )
    server.chat.handle_request(DEVICE, request("continue", speech="Quiero leer"))
    action = answers(server)[0]["response_action"]
    assert (action["action"], action["module_id"]) == ("launch", "STORY")


def test_module_with_own_id_is_hosted(server: SentServer) -> None:
    english = ChatModule.objects.get(lang="en")
    own = ChatModule.objects.create(
        name="Mar",
        module_id="SEA",
        content_id="one",
        opener="¡Al mar!",
        prompt="x",
        replies="Olas.",
        reprompt="¿Y?",
        fallback="Uf.",
    )
    for number, (module, content) in enumerate([("SEA", "any"), ("OPENMOXIE_CHAT", "english")]):
        asked = request("prompt", module_id=module, content_id=content, event_id=f"e{number}")
        server.chat.handle_request(DEVICE, asked)
    said = [answer["output"]["text"] for answer in answers(server)]
    assert said == [own.opener, english.opener]
    ChatModule.objects.filter(pk=own.pk).update(is_enabled=False)
    server.chat.handle_request(DEVICE, request("prompt", module_id="SEA", event_id="e9"))
    assert answers(server)[-1]["fallback"] is True


@pytest.fixture
def admin_browser(db: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("boss", password="a-long-password"))
    return client


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pattern": "("}, "This pattern cannot be read"),
        ({"answer": ""}, "Enter an answer or choose an action."),
        ({"action": "launch"}, "Choose the module to start."),
    ],
)
def test_admin_refuses_invalid_command(
    admin_browser: Client, changes: dict[str, str], words: str
) -> None:
    form = {
        "name": "Mal",
        "pattern": "hola",
        "lang": "es",
        "answer": "¡Hola!",
        "position": "1",
        "action": "",
    } | changes
    page = admin_browser.post("/admin/hive/globalcommand/add/", form)
    assert words in page.content.decode()
    assert not GlobalCommand.objects.filter(name="Mal").exists()


def test_admin_shows_modules_and_commands(admin_browser: Client) -> None:
    page = admin_browser.get("/admin/hive/chatmodule/").content.decode()
    assert "Charlar con Moxie" in page
    assert "none: the scripted companion" in page
    assert admin_browser.get("/admin/hive/chatmodule/add/").status_code == 200
    assert "La hora" in admin_browser.get("/admin/hive/globalcommand/").content.decode()
