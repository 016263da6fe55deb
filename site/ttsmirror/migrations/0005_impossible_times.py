"""Replace times that no page can show.

Earlier versions stored any timestamp that a message had, such as one of the year 9999.
"""

from django.db import migrations
from django.db.models import F

from ttsmirror.wire.fields import EARLIEST, LATEST


def replace_impossible_times(apps, schema_editor):
    """Use the time of arrival instead."""
    alias = schema_editor.connection.alias
    rows = apps.get_model("ttsmirror", "Utterance").objects.using(alias)
    for impossible in (
        rows.filter(published_at__lt=EARLIEST),
        rows.filter(published_at__gte=LATEST),
    ):
        impossible.update(published_at=F("received_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmirror', '0004_outbox_file'),
    ]

    operations = [
        migrations.RunPython(replace_impossible_times, migrations.RunPython.noop),
    ]
