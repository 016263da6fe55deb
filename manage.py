#!/usr/bin/env python3
"""Django's command line, with `site/` on the path."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "site"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openmoxie.settings")

if __name__ == "__main__":
    from openmoxie.commandline import main

    main(sys.argv)
