"""Drop the running totals, and give `Keeping` the name of its field: RetentionPolicy."""

from django.db import migrations, models

COUNTING_TRIGGERS = (
    "utterance_counted_insert",
    "utterance_counted_delete",
    "utterance_uncounted_change",
    "utterance_counted_change",
)


def drop_counting_triggers(apps, schema_editor):
    """Drop the triggers that write into the tables of totals, before these are dropped."""
    if schema_editor.connection.vendor == "sqlite":
        for name in COUNTING_TRIGGERS:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER IF EXISTS utterance_counted ON ttsmonitor_utterance")
        schema_editor.execute("DROP FUNCTION IF EXISTS moxie_count_utterance()")
        schema_editor.execute("DROP FUNCTION IF EXISTS moxie_hour(timestamptz)")


def rename_permissions(apps, schema_editor):
    """Keep the permissions that people were given."""
    _rename_permissions(apps, schema_editor, "keeping", "retentionpolicy", "retention")


def rename_permissions_back(apps, schema_editor):
    """Undo rename_permissions()."""
    _rename_permissions(apps, schema_editor, "retentionpolicy", "keeping", "keeping of the history")


def _rename_permissions(apps, schema_editor, before, after, name):
    permissions = apps.get_model("auth", "Permission").objects
    permissions = permissions.using(schema_editor.connection.alias)
    for action in ("add", "change", "delete", "view"):
        permissions.filter(
            content_type__app_label="ttsmonitor", codename=f"{action}_{before}"
        ).update(codename=f"{action}_{after}", name=f"Can {action} {name}")


class Migration(migrations.Migration):

    dependencies = [
        ("ttsmonitor", "0006_mirror_app"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(drop_counting_triggers, migrations.RunPython.noop),
        migrations.DeleteModel("HourTotal"),
        migrations.DeleteModel("Total"),
        migrations.RenameModel("Keeping", "RetentionPolicy"),
        migrations.AlterModelOptions(
            "retentionpolicy",
            {"verbose_name": "retention", "verbose_name_plural": "retention"},
        ),
        migrations.RunPython(rename_permissions, rename_permissions_back),
    ]
