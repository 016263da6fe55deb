"""Scopes, expiry and last use of tokens; one-time login links; a group for earlier accounts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SPEAK = "speak"


def keep_access(apps, schema_editor):
    """Put the accounts that exist in the group that may do what every account could do.

    The groups get their permissions after the migrations: see ttsmonitor/groups.py.
    """
    alias = schema_editor.connection.alias
    users = apps.get_model("auth", "User").objects.using(alias).filter(is_superuser=False)
    if users.exists():
        group, _made = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=SPEAK)
        group.user_set.add(*users)


class Migration(migrations.Migration):

    dependencies = [
        ("ttsmonitor", "0010_translation"),
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="apitoken",
            options={
                "permissions": (
                    ("read", "Can read and hear what is said"),
                    ("speak", "Can have something said"),
                    ("control", "Can control the speech and the robots"),
                    ("admin", "Can open the administration"),
                ),
                "verbose_name": "API token",
                "verbose_name_plural": "API tokens",
            },
        ),
        # Tokens of earlier versions read, spoke and controlled; none of them opens the admin now.
        migrations.AddField(
            model_name="apitoken",
            name="scopes",
            field=models.CharField(
                default="read speak control", max_length=100, verbose_name="scopes"
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="expires"),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="last_used_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last used"),
        ),
        migrations.CreateModel(
            name="LoginLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunPython(keep_access, migrations.RunPython.noop),
    ]
