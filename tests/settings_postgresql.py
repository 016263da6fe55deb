"""The tests' settings with the PostgreSQL of MOXIE_TEST_POSTGRESQL."""

import os

import dj_database_url

from tests.settings import *  # noqa: F403

DATABASES = {"default": dj_database_url.parse(os.environ["MOXIE_TEST_POSTGRESQL"])}
