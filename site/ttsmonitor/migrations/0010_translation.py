"""A table for translations that were made, and one for the instructions."""

import ttsmonitor.models.translation
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmonitor', "0009_pronunciations"),
    ]

    operations = [
        migrations.CreateModel(
            name='TranslatedSentence',
            fields=[
                ('key', models.CharField(editable=False, max_length=64, primary_key=True, serialize=False)),
                ('source', models.CharField(max_length=32, verbose_name='language')),
                ('target', models.CharField(max_length=32, verbose_name='into')),
                ('sentence', models.TextField(verbose_name='sentence')),
                ('translation', models.TextField(verbose_name='translation')),
                ('engine', models.CharField(max_length=128, verbose_name='translated by')),
                ('made_at', models.DateTimeField(auto_now=True, db_index=True, verbose_name='made')),
            ],
            options={
                'verbose_name': 'translated sentence',
                'verbose_name_plural': 'translated sentences',
                'ordering': ['-made_at'],
            },
        ),
        migrations.CreateModel(
            name='TranslationPrompt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prompt', models.TextField(default=ttsmonitor.models.translation.default_prompt, help_text='{source} and {target} stand for the languages.', validators=[ttsmonitor.models.translation.check_prompt], verbose_name='instructions')),
            ],
            options={
                'verbose_name': 'instructions for translation',
                'verbose_name_plural': 'instructions for translation',
            },
        ),
    ]
