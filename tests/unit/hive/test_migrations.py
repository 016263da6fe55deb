"""Migrations keep what people wrote."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from hive.models import ChatModule, GlobalCommand
from ttsmonitor.models import RobotName


@pytest.mark.django_db(transaction=True)
def test_migration_keeps_earlier_script_in_spanish_module() -> None:
    before = MigrationExecutor(connection)
    state = before.migrate([("hive", "0001_initial")])
    try:
        state.apps.get_model("hive", "Configuration").objects.create(
            pk=1, chat_opener="¡Hey,\n{nickname}!", chat_reply="Uno\nDos", chat_reprompt="¿Y?"
        )
    finally:
        after = MigrationExecutor(connection)
        after.migrate(after.loader.graph.leaf_nodes("hive"))

    spanish, english = ChatModule.objects.order_by("pk")
    assert (spanish.lang, english.lang) == ("es", "en")
    assert (spanish.opener, spanish.replies) == ("¡Hey, {nickname}!", "Uno\nDos")
    assert spanish.reprompt == "¿Y?"
    assert english.opener.startswith("Hi!")
    assert GlobalCommand.objects.filter(lang="en").exists()


@pytest.mark.django_db(transaction=True)
def test_migration_makes_the_names_of_robots_known() -> None:
    before = MigrationExecutor(connection)
    state = before.migrate([("hive", "0004_robot_approval")])
    try:
        state.apps.get_model("hive", "Robot").objects.create(device_id="d_ours", name="Luna")
    finally:
        after = MigrationExecutor(connection)
        after.migrate(after.loader.graph.leaf_nodes("hive"))
    assert RobotName.objects.get(device_id="d_ours").name == "Luna"
