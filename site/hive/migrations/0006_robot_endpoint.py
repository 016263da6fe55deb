from django.db import migrations, models


class Migration(migrations.Migration):
    """The address in the newest QR code for robots."""

    dependencies = [
        ("hive", "0005_robot_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="configuration",
            name="endpoint_host",
            field=models.CharField(
                blank=True,
                editable=False,
                max_length=253,
                verbose_name="address in the newest QR code",
            ),
        ),
        migrations.AddField(
            model_name="configuration",
            name="endpoint_port",
            field=models.PositiveIntegerField(
                blank=True, editable=False, null=True, verbose_name="port in the newest QR code"
            ),
        ),
    ]
