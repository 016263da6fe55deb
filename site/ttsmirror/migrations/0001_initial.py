"""The tables of the mirror, taken over from the speech service's app where it made them.

Until this migration the models were part of the app `ttsmonitor`. Its tables keep their names and
rows. A database without them, as in an OpenMoxie, gets new ones.
"""

import uuid


import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
from django.apps import apps
from django.db import migrations, models


class CreateOrAdoptModel(migrations.CreateModel):
    """Create the model's table unless the database has it already."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Create the table where it is missing."""
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        if table not in schema_editor.connection.introspection.table_names():
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Keep the table: an earlier version of the other app uses it."""
        if not apps.is_installed("ttsmonitor"):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    initial = True

    # In an OpenMoxie the other app does not exist.
    dependencies = [("ttsmonitor", "0005_turn")] if apps.is_installed("ttsmonitor") else []

    operations = [
        CreateOrAdoptModel(
            name='OutboxEntry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('payload', models.JSONField(verbose_name='payload')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='created')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='last published')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
            ],
            options={
                'verbose_name': 'unconfirmed utterance',
                'verbose_name_plural': 'unconfirmed utterances',
                'db_table': 'ttsmonitor_outboxentry',
                'ordering': ['created_at'],
            },
        ),
        CreateOrAdoptModel(
            name='Utterance',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('text', models.TextField(verbose_name='text')),
                ('source', models.CharField(max_length=64, verbose_name='source')),
                ('device_id', models.CharField(blank=True, max_length=128, verbose_name='robot')),
                ('lang', models.CharField(blank=True, max_length=32, verbose_name='language')),
                ('voice', models.CharField(blank=True, max_length=64, verbose_name='voice')),
                ('mood', models.CharField(blank=True, max_length=64, verbose_name='mood')),
                ('intensity', models.FloatField(blank=True, null=True, verbose_name='intensity')),
                ('priority', models.CharField(choices=[('normal', 'normal'), ('high', 'high')], default='normal', max_length=8, verbose_name='priority')),
                ('urgent', models.GeneratedField(db_persist=True, expression=models.Case(models.When(priority='high', then=models.Value(1)), default=models.Value(0)), output_field=models.PositiveSmallIntegerField())),
                ('rank', models.PositiveSmallIntegerField(editable=False, null=True)),
                ('turn', models.DateTimeField(editable=False, null=True)),
                ('ttl_seconds', models.FloatField(blank=True, null=True, verbose_name='time to live (s)')),
                ('total_chunks', models.PositiveIntegerField(default=1, verbose_name='chunks')),
                ('status', models.CharField(choices=[('receiving', 'receiving'), ('queued', 'queued'), ('playing', 'playing'), ('spoken', 'spoken'), ('interrupted', 'interrupted'), ('skipped', 'skipped'), ('expired', 'expired'), ('failed', 'failed')], default='receiving', max_length=16, verbose_name='status')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('published_at', models.DateTimeField(verbose_name='published')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('first_audio_ms', models.FloatField(blank=True, null=True, verbose_name='time to first audio (ms)')),
                ('audio_seconds', models.FloatField(blank=True, null=True, verbose_name='length (s)')),
                ('engine', models.CharField(blank=True, max_length=128, verbose_name='engine')),
                ('robot_confirmed', models.BooleanField(null=True, verbose_name='said by the robot')),
            ],
            options={
                'verbose_name': 'utterance',
                'verbose_name_plural': 'utterances',
                'db_table': 'ttsmonitor_utterance',
                'ordering': ['-received_at'],
                'get_latest_by': 'received_at',
                'indexes': [models.Index(fields=['-received_at'], name='utterance_received'), models.Index(models.F('status'), models.OrderBy(django.db.models.functions.comparison.Coalesce('rank', 'urgent'), descending=True), django.db.models.functions.comparison.Coalesce('turn', 'received_at'), name='utterance_turn'), models.Index(fields=['device_id', '-received_at'], name='utterance_device'), models.Index(fields=['source', '-received_at'], name='utterance_source'), models.Index(fields=['status', '-received_at'], name='utterance_outcome'), models.Index(fields=['lang', '-received_at'], name='utterance_lang'), models.Index(condition=models.Q(('robot_confirmed', False)), fields=['-received_at'], name='utterance_unconfirmed'), models.Index(condition=models.Q(('first_audio_ms__isnull', False)), fields=['-received_at', 'first_audio_ms'], name='utterance_heard')],
            },
        ),
        CreateOrAdoptModel(
            name='UtteranceChunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('utterance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='ttsmirror.utterance')),
            ],
            options={
                'verbose_name': 'chunk',
                'verbose_name_plural': 'chunks',
                'db_table': 'ttsmonitor_utterancechunk',
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('utterance', 'number'), name='chunk_once')],
            },
        ),
    ]
