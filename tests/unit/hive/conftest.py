"""Fixtures of the hive's tests: a server without broker, a recording mirror, clients."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hive import metrics
from hive.models import Approval, ChatModule, Robot, arrival
from hive.mqtt import moxie_remote_chat, moxie_server, mqtt_tts_mirror
from hive.mqtt.moxie_server import MoxieServer
from hive.mqtt.robot_link import RobotLink
from hive.mqtt.robot_repository import RobotRepository
from hive.mqtt.task_thread import TaskThread
from hive.setup_cache import Setup, SetupCache
from tests.support.accounts import make_user
from tests.support.hive import make_modules
from tests.support.model_stub import ModelStub, serving_model
from ttsmirror.publishing import mirror as mirror_module
from ttsmirror.publishing.confirmations import MirrorState
from ttsmirror.wire.control import Control

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"


class FakeMirror:
    """A publisher that records what it gets."""

    fault = ""

    def __init__(self) -> None:
        self.texts: list[tuple[str, dict[str, Any]]] = []
        self.parts: list[tuple[str, dict[str, Any]]] = []
        self.dropped: list[uuid.UUID] = []
        self.controls: list[Control] = []
        self.heard: list[tuple[str, str, dict[str, Any]]] = []
        self.state = MirrorState()

    def publish_text(self, text: str, **options: Any) -> uuid.UUID:
        self.texts.append((text, options))
        return options.get("utterance_id") or uuid.uuid4()

    def robot_said(self, device_id: str, words: str, **options: Any) -> None:
        self.heard.append((device_id, words, options))

    def publish_part(self, text: str, **options: Any) -> None:
        self.parts.append((text, options))

    def drop_parts(self, utterance_id: uuid.UUID) -> None:
        self.dropped.append(utterance_id)

    def publish_control(self, control: Control) -> None:
        self.controls.append(control)


class FreshSetupCache(SetupCache):
    """A setup cache that reads the database at each access."""

    @property
    def current(self) -> Setup:
        self.refresh()
        return super().current


class InlineWorker(TaskThread):
    """A worker that runs delayed tasks at once, on the test's thread."""

    def later(self, key: str, seconds: float, call: Callable[..., Any], *arguments: Any) -> None:
        call(*arguments)


class FakeLink(RobotLink):
    """A broker link that records what would be published."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.has_broker = True

    def publish(self, topic: str, payload: dict[str, Any], qos: int = 0) -> bool:
        if self.has_broker:
            self.published.append((topic, payload))
        return self.has_broker


class SentServer(MoxieServer):
    """A server that records its messages and writes rows at once."""

    def __init__(self) -> None:
        self.link = FakeLink()
        setup = FreshSetupCache()
        robots = RobotRepository(setup, worker=InlineWorker("tests.robots"))
        super().__init__(self.link, setup, robots)
        robots._changes[DEVICE] = {"approval": Approval.APPROVED}  # needs no database

    @property
    def published(self) -> list[tuple[str, dict[str, Any]]]:
        return self.link.published

    def report(self, topic: str, fields: dict[str, Any], waited_seconds: float = 0.0) -> None:
        """Handle a message of a robot."""
        self.reports.handle(topic, json.dumps(fields).encode(), waited_seconds)

    def configs_sent(self, device_id: str) -> list[dict[str, Any]]:
        topic = f"/devices/{device_id}/config"
        return [payload for name, payload in self.published if name == topic]

    @property
    def has_broker(self) -> bool:
        return self.link.has_broker

    @has_broker.setter
    def has_broker(self, has_broker: bool) -> None:
        self.link.has_broker = has_broker


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> FakeMirror:
    fake = FakeMirror()
    for module in (mirror_module, mqtt_tts_mirror, moxie_server, moxie_remote_chat, metrics):
        monkeypatch.setattr(module, "get_tts_mirror", lambda: fake)
    return fake


@pytest.fixture
def server(mirror: FakeMirror, monkeypatch: pytest.MonkeyPatch) -> Iterator[SentServer]:
    """Install a SentServer as the process's MoxieServer."""
    made = SentServer()
    monkeypatch.setattr(moxie_server, "_server", made)
    yield made
    made.chat.stop()


@pytest.fixture
def modules(db: Any) -> list[ChatModule]:
    """Create the Spanish and the English module."""
    make_modules()
    return list(ChatModule.objects.all())


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelStub]:
    """Run a language model and name it in the settings."""
    with serving_model() as stub:
        monkeypatch.setenv("HIVE_CHAT_URL", stub.url)
        monkeypatch.setenv("HIVE_CHAT_MODEL", "stub")
        yield stub


@pytest.fixture
def robot(db: Any) -> Robot:
    made = Robot.objects.write(DEVICE, arrival() | {"approval": Approval.APPROVED})
    assert made is not None
    return made


@pytest.fixture
def parent(db: Any) -> User:
    return make_user("parent", "speak")


@pytest.fixture
def browser(parent: User) -> Client:
    """Return a logged-in browser in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(parent)
    return client
