"""The product's settings with a separate work directory for the test run."""

import atexit
import os
import shutil
import tempfile

# Each process has its own directory inside that of the first process, which ends last.
RUN = "MOXIE_TESTS_DIR"
if RUN not in os.environ:
    os.environ[RUN] = tempfile.mkdtemp(prefix="moxie-tests-")
    atexit.register(shutil.rmtree, os.environ[RUN], ignore_errors=True)
WORK = tempfile.mkdtemp(dir=os.environ[RUN])
os.environ["MOXIE_WORK_DIR"] = WORK
os.environ.setdefault("LOG_LEVEL", "INFO")
# Simulated robots need nobody to let them in. The tests of that set it to "ask".
os.environ["HIVE_ALLOW_NEW_ROBOTS"] = "always"
for name in (
    "DATABASE_URL",
    "REDIS_URL",
    "MQTT_HOST",
    "MQTT_PORT",
    "MOXIE_REQUIRE_LOGIN",
    "DEBUG",
    "CSRF_TRUSTED_ORIGINS",
):
    os.environ.pop(name, None)

from openmoxie.settings import *  # noqa: E402, F403
from openmoxie.settings import DATABASE_ROUTERS, DATABASES, STORAGES  # noqa: E402

# Keep the outbox with the rest: pytest-django lets a test use one database unless it names more.
# The tests with real processes use the product's settings.
DATABASE_ROUTERS.clear()
del DATABASES["moxie_tts"]

# Use a file: threads and processes share it, as in the product.
DATABASES["default"]["TEST"] = {"NAME": f"{WORK}/test.sqlite3"}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
