"""The speech service on an audio host: a machine with loudspeakers, the broker elsewhere.

Without arguments it prepares the database and runs `run_tts_subscriber` of this project. With
arguments it runs that management command. Every setting is an environment variable: MQTT_HOST,
MQTT_PORT, MQTT_TOPIC, … as in the README. It makes no account, whose password would stay in the
service's log: install.sh does, or `install.sh --manage create_first_account --monitor`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
INSTALLER = Path(__file__).resolve().with_name("install.sh")


def main(arguments: list[str]) -> None:
    """Prepare the database and run the speech service, or run the given management command."""
    sys.path.insert(0, str(PROJECT / "site"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openmoxie.settings")
    from openmoxie.commandline import main as manage
    from ttsmonitor.system.commands import MANAGE, shell_path

    os.environ.setdefault(MANAGE, f"{shell_path(INSTALLER)} --manage")
    if arguments:
        manage(["app.py", *arguments])
        return
    manage(["app.py", "prepare", "--no-account"])
    manage(["app.py", "run_tts_subscriber"])


if __name__ == "__main__":
    main(sys.argv[1:])
