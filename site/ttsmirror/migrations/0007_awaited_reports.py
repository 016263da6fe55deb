"""Add the lines that robots have not reported yet, kept beside the outbox for a restart."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmirror', '0006_waiting'),
    ]

    operations = [
        migrations.CreateModel(
            name='AwaitedReport',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('device_id', models.CharField(max_length=128)),
                ('words', models.TextField()),
                ('event_id', models.TextField(blank=True)),
                ('sent_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['sent_at'],
            },
        ),
    ]
