from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmonitor', '0004_history_indexes'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='utterance', name='utterance_queue'),
        migrations.AddField(
            model_name='utterance',
            name='rank',
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='utterance',
            name='turn',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='utterance',
            index=models.Index(
                models.F('status'),
                models.OrderBy(Coalesce('rank', 'urgent'), descending=True),
                Coalesce('turn', 'received_at'),
                name='utterance_turn',
            ),
        ),
    ]
