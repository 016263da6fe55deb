"""The speech service on an audio host: a machine with loudspeakers, the broker elsewhere.

It is `manage.py run_tts_subscriber` of this project, with its database made ready first. Every
setting is an environment variable: MQTT_HOST, MQTT_PORT, MQTT_TOPIC, … as in the README.
It makes no account, whose password would stay in the service's log: install.sh does, or
`manage.py create_first_account --monitor`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Prepare the database, then run the speech service."""
    sys.path.insert(0, str(PROJECT / "site"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openmoxie.settings")
    from openmoxie.commandline import main as manage

    manage(["app.py", "prepare", "--no-account"])
    manage(["app.py", "run_tts_subscriber"])


if __name__ == "__main__":
    main()
