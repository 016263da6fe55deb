"""A column for the words that were spoken, where they are a translation."""

from django.db import migrations, models


TRIGGERS = ("utterance_words_insert", "utterance_words_delete", "utterance_words_change")


def drop_index(apps, schema_editor):
    """Drop the full-text index of translations; the older version builds its own."""
    if schema_editor.connection.vendor == "sqlite":
        for name in TRIGGERS:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS utterance_words")


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmirror', '0002_reason'),
    ]

    operations = [
        migrations.AddField(
            model_name='utterance',
            name='translation',
            field=models.TextField(blank=True, default='', verbose_name='translation'),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_index),
    ]
