from django.db import migrations, models

CHOICES = [
    ("waiting", "waiting for approval"),
    ("approved", "let in"),
    ("refused", "no access"),
]
HELP = "A robot that was not let in gets nothing, and nothing of it is heard."


def approval(default):
    return models.CharField(
        choices=CHOICES, default=default, help_text=HELP, max_length=16, verbose_name="approval"
    )


class Migration(migrations.Migration):
    """Robots that are known stay approved; those that come later wait for it."""

    dependencies = [
        ("hive", "0003_favourites"),
    ]

    operations = [
        migrations.AddField("robot", "approval", approval(default="approved")),
        migrations.AlterField("robot", "approval", approval(default="waiting")),
        migrations.AddField(
            "configuration",
            "new_robots_until",
            models.DateTimeField(
                blank=True,
                editable=False,
                null=True,
                verbose_name="new robots are let in until",
            ),
        ),
    ]
