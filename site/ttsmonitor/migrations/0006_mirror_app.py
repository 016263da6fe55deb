"""The models of the mirror are its own app's now. Their tables and rows stay where they are."""

from django.db import migrations

MOVED = ("utterance", "utterancechunk", "outboxentry")


def move_permissions(apps, schema_editor):
    """Keep the permissions that people were given: they hang on the content types."""
    _change_app(apps, schema_editor, "ttsmonitor", "ttsmirror")


def move_permissions_back(apps, schema_editor):
    """Undo move_permissions()."""
    _change_app(apps, schema_editor, "ttsmirror", "ttsmonitor")


def _change_app(apps, schema_editor, before, after):
    types = apps.get_model("contenttypes", "ContentType").objects
    types = types.using(schema_editor.connection.alias)
    moved = types.filter(app_label=before, model__in=MOVED)
    if moved.exists():
        types.filter(app_label=after, model__in=MOVED).delete()
        moved.update(app_label=after)


class Migration(migrations.Migration):

    dependencies = [
        ("ttsmonitor", "0005_turn"),
        ("ttsmirror", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel("UtteranceChunk"),
                migrations.DeleteModel("OutboxEntry"),
                migrations.DeleteModel("Utterance"),
            ],
        ),
        migrations.RunPython(move_permissions, move_permissions_back),
    ]
