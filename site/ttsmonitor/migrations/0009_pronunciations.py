"""The table of pronunciations, with entries to begin with."""

import django.core.validators
from django.db import migrations, models

from ttsmonitor.language.starter_pronunciations import STARTERS

def add_entries(apps, schema_editor):
    """Add the entries to begin with, once: one that somebody deletes stays deleted."""
    entry = apps.get_model("ttsmonitor", "PronunciationEntry")
    rows = []
    for lang, pronunciations in STARTERS.items():
        for each in pronunciations:
            rows.append(
                entry(
                    lang=lang,
                    written=each.written,
                    folded=each.written.lower(),
                    said=each.said,
                    phonemes=each.phonemes,
                )
            )
    entry.objects.using(schema_editor.connection.alias).bulk_create(rows)


class Migration(migrations.Migration):

    dependencies = [
        ('ttsmonitor', '0008_quarantine_cause'),
    ]

    operations = [
        migrations.CreateModel(
            name='PronunciationEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lang', models.CharField(default='es', help_text='Such as es or en-GB.', max_length=32, validators=[django.core.validators.RegexValidator('^(?:[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*)\\Z', 'Enter a language such as es or en-GB.')], verbose_name='language')),
                ('written', models.CharField(help_text='A name or word, or several. It is found in capitals and without accents, too.', max_length=100, validators=[django.core.validators.RegexValidator('^(?=.*[^\\W\\d_])[^\\x00-\\x1f\\x7f\\[\\]<>]+\\Z', 'Enter a word, or several, as they are written.')], verbose_name='written')),
                ('folded', models.CharField(editable=False, max_length=200)),
                ('said', models.CharField(blank=True, help_text='In letters of that language, as they are to be read: Oaxaca, oajaca.', max_length=100, validators=[django.core.validators.RegexValidator("^(?=.*[^\\W\\d_])(?:[^\\W\\d_]|[\\u0300-\\u036f '’-])+\\Z", 'Write it with letters, spaces and hyphens only.')], verbose_name='pronounced')),
                ('phonemes', models.CharField(blank=True, help_text='In IPA, for Piper, where letters are not enough. Other engines read the letters.', max_length=100, validators=[django.core.validators.RegexValidator('^[a-zæçðøħŋœǀ-ǃɐ-ʯʰʲʷˈˌːˑ˞ˠˤβθχᵊᵻ\\u0300-\\u036f ]+\\Z', 'Write phonemes with the signs of the IPA, as in mˈoksi.')], verbose_name='phonemes')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('changed_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
            ],
            options={
                'verbose_name': 'pronunciation',
                'verbose_name_plural': 'pronunciations',
                'ordering': ['lang', 'folded'],
                'constraints': [models.UniqueConstraint(fields=('lang', 'folded'), name='pronunciation_once')],
            },
        ),
        migrations.RunPython(add_entries, migrations.RunPython.noop),
    ]
