from django.db import migrations, models


class Migration(migrations.Migration):
    """How far a family came in the guide."""

    dependencies = [
        ("ttsmonitor", "0013_sound_setting"),
    ]

    operations = [
        migrations.CreateModel(
            name="SetupGuide",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(default="language", max_length=16)),
                ("done", models.JSONField(default=list)),
                ("languages", models.CharField(blank=True, max_length=64)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "setup guide",
                "verbose_name_plural": "setup guide",
            },
        ),
    ]
