"""A column for the time in the queue, which first_audio_ms had in it before."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmirror', '0005_impossible_times'),
    ]

    operations = [
        migrations.AddField(
            model_name='utterance',
            name='waiting_ms',
            field=models.FloatField(blank=True, null=True, verbose_name='time in the queue (ms)'),
        ),
        migrations.AddIndex(
            model_name='utterance',
            index=models.Index(condition=models.Q(('waiting_ms__isnull', False)), fields=['-received_at', 'waiting_ms'], name='utterance_waited'),
        ),
    ]
