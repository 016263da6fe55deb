"""Measurements with real processes, broker and sound device."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT / "site") not in sys.path:  # like manage.py
    sys.path.insert(0, str(ROOT / "site"))
