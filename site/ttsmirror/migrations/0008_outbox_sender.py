"""The component that publishes an entry of an outbox that several share."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmirror', '0007_awaited_reports'),
    ]

    operations = [
        migrations.AddField(
            model_name='outboxentry',
            name='sender',
            field=models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='sender'),
        ),
    ]
