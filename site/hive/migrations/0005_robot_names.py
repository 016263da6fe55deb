from django.db import migrations


def copy_names(apps, schema_editor):
    names = apps.get_model("ttsmonitor", "RobotName").objects
    for robot in apps.get_model("hive", "Robot").objects.all():
        names.get_or_create(device_id=robot.device_id, defaults={"name": robot.name})


class Migration(migrations.Migration):
    """The speech service learns the names that robots have already."""

    dependencies = [
        ("hive", "0004_robot_approval"),
        ("ttsmonitor", "0012_household"),
    ]

    operations = [migrations.RunPython(copy_names, migrations.RunPython.noop)]
