"""The outbox is a file of its own: move there what earlier versions kept in the database.

The old table stays, empty, so that an earlier version can still be started.
"""

from django.db import migrations

from ttsmirror.local_database import ALIAS
from ttsmirror.plugged_in import database


def move_entries(apps, schema_editor):
    """Copy the entries, then delete them. One that was interrupted does it again."""
    connection = schema_editor.connection
    if connection.alias == ALIAS or not database.has_own_outbox():
        return
    database.prepare()
    entries = apps.get_model("ttsmirror", "OutboxEntry").objects
    if entries.model._meta.db_table in connection.introspection.table_names():
        here = entries.using(connection.alias)
        entries.using(ALIAS).bulk_create(here.all(), batch_size=100, ignore_conflicts=True)
        here.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmirror', '0003_translation'),
    ]

    operations = [
        migrations.RunPython(move_entries, migrations.RunPython.noop),
    ]
