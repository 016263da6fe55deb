"""A column for the words that were spoken, where they are a translation."""

from django.db import migrations, models


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
    ]
