"""The table of pronunciations, with entries to begin with."""

import django.core.validators
from django.db import migrations, models

SPANISH = """
Moxie=moxie=mˈoksi OpenMoxie=open_moxie=ˈopen_mˈoksi
México=méjico mexicano=mejicano mexicana=mejicana mexicanos=mejicanos mexicanas=mejicanas
mexiquense=mejiquense Mexicali=mejicali Oaxaca=oajaca oaxaqueño=oajaqueño oaxaqueña=oajaqueña
Xalapa=jalapa xalapeño=jalapeño xalapeña=jalapeña Texas=tejas texano=tejano texana=tejana
Taxco=tasco Tlaxcala=tlascala Xcaret=shcaret Xochimilco=sochimilco
Ximena=jimena Ximénez=jiménez Xavier=javier Xóchitl=sóchil
Wi-Fi=wifi YouTube=yutúb WhatsApp=guatsap Spotify=espótifai Netflix=nétflix TikTok=tictoc
Facebook=féisbuc Google=gúgol Gmail=yímeil Twitch=tuich Discord=díscord Zoom=sum Uber=úber
Minecraft=máincraft Roblox=róblox PlayStation=pleistéishon Xbox=équisbox
iPad=áipad iPhone=áifon Bluetooth=blútud ChatGPT=chat_ye_pe_té
email=ímeil online=onlain tablet=táblet app=ap apps=aps laptop=láptop mouse=maus
software=sóftuer hardware=járduer
pizza=pitsa hot_dog=jot_dog sandwich=sánduich sándwich=sánduich brownie=brauni cupcake=cápqueic
jeans=yins hobby=jobi hobbies=jobis show=shou baby=béibi slime=eslaim hip_hop=jip_jop
Disney=dísnei Marvel=márvel Hollywood=jólivud Halloween=jalouin
Spiderman=espáiderman Spider-Man=espáiderman Hulk=jalk Avengers=avényers Star_Wars=estar_uors
Toy_Story=toi_estori Frozen=frousen Harry=jarri Hogwarts=jóguarts Shrek=shrek Snoopy=esnupi
Mickey=miqui Barbie=barbi Bluey=blui Peppa=pepa Scooby-Doo=escubi_du
Michael=máicol John=yon Jennifer=yénifer Jonathan=yónatan George=yorch Brian=braian Ryan=raian
William=uíliam Ashley=ashli Washington=uáshinton Miami=maiami
"""
"""Words, how they are said and, for a few, their phonemes; `_` is a space."""
ENGLISH = """
Moxie=moxie=mˈɑːksi OpenMoxie=open_moxie=ˈoʊpən_mˈɑːksi
Oaxaca=wahaka=wəhˈɑːkə Xalapa=halapa=həlˈɑːpə Ximena=hee_mayna=hɪmˈeɪnə
Xóchitl=so_cheel=sˈoʊtʃiːl José=ho_zay=hoʊzˈeɪ Joaquín=wah_keen=wɑːkˈiːn
Alejandro=ala_hahndro=ˌælɪhˈɑːndɹoʊ Alejandra=ala_hahndra=ˌælɪhˈɑːndɹə
Guillermo=ghee_yairmo=ɡiːjˈɛɹmoʊ jalapeño=hala_painyo=hˌɑːləpˈeɪnjoʊ
Niamh=neev=nˈiːv Nguyen=win=wˈɪn
"""
"""With phonemes, as letters alone are read in several ways."""


def add_entries(apps, schema_editor):
    """Add the entries to begin with, once: one that somebody deletes stays deleted."""
    entry = apps.get_model("ttsmonitor", "PronunciationEntry")
    rows = []
    for lang, table in (("es", SPANISH), ("en", ENGLISH)):
        for line in table.split():
            written, said, phonemes = [*line.replace("_", " ").split("="), ""][:3]
            rows.append(
                entry(
                    lang=lang,
                    written=written,
                    folded=written.lower(),
                    said=said,
                    phonemes=phonemes,
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
                ('lang', models.CharField(default='es', help_text='Such as es or en-GB.', max_length=32, validators=[django.core.validators.RegexValidator('^(?:[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*)\\Z', 'Give a language such as es or en-GB.')], verbose_name='language')),
                ('written', models.CharField(help_text='A name or word, or several. It is found in capitals and without accents, too.', max_length=100, validators=[django.core.validators.RegexValidator('^(?=.*[^\\W\\d_])[^\\x00-\\x1f\\x7f\\[\\]<>]+\\Z', 'Give a word, or several, as they are written.')], verbose_name='written')),
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
