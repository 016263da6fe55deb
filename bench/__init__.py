"""Measurements from the outside: processes, the broker and the sound device, nothing faked."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT / "site") not in sys.path:  # as manage.py does
    sys.path.insert(0, str(ROOT / "site"))
