"""Django's settings: the wiring of the apps. Settings for people are in each app's conf.py."""

import warnings
from datetime import timedelta
from pathlib import Path

from csp import constants as csp
from django.utils.translation import gettext_lazy as _

from openmoxie import environment
from openmoxie.logs import is_not_a_health_report
from ttsmirror.local_database import ALIAS, OUTBOX_FILE, OUTBOX_ROUTER, local_database
from ttsmonitor.system.database_file import LastingConnection

PROJECT_ROOT = Path(__file__).resolve().parents[2]
WORK_DIR = environment.work_dir(PROJECT_ROOT / "site" / "work")

DEBUG = environment.debug()
SECRET_KEY = environment.secret_key(WORK_DIR)
ALLOWED_HOSTS = environment.allowed_hosts()
if CSRF_TRUSTED_ORIGINS := environment.trusted_origins():
    # A proxy with TLS is in front. That a visitor could send this header too does no harm: it
    # decides nothing but the scheme of his own links and origin, and no other site's page can
    # make his browser send it.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "hive",
    "ttsmirror",
    "ttsmonitor",
    "channels",
    "axes",
    "csp",
    "openmoxie.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "ttsmonitor.web.urlconf.urlconf_from_scope",
    "ttsmonitor.integrations.openai_speech.errors.openai_errors",
    "django.middleware.security.SecurityMiddleware",
    "ttsmonitor.web.content_policy.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "ttsmonitor.web.time_zone.visitor_time_zone",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ttsmonitor.web.access.AccessMiddleware",
    "ttsmonitor.web.nul_bytes.NulMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # the last one: it sees what the login answered
]

ROOT_URLCONF = "openmoxie.urls"
ASGI_APPLICATION = "openmoxie.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "openmoxie.context.site",
            ],
        },
    },
]

DATABASES = {"default": environment.database(WORK_DIR)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Without IMMEDIATE, writers that start as readers meet "database is locked" at once.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "factory": LastingConnection,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
# Utterances that are not stored yet depend on the local disk alone.
DATABASES[ALIAS] = local_database(WORK_DIR / OUTBOX_FILE)
DATABASE_ROUTERS = [OUTBOX_ROUTER]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if redis_url := environment.redis_url():
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [redis_url], "capacity": 1000},
        }
    }
else:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": 1000},
        }
    }

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # before the one that compares passwords
    "django.contrib.auth.backends.ModelBackend",
]
# Wrong passwords lock a name for an address: the rest of a family behind one proxy still gets in,
# and nobody locks the family out from elsewhere. They are counted in the database, which hive and
# speech service share.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "ttsmonitor.web.login.counted_address"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "ttsmonitor.web.login.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username"]  # people type a password there by mistake
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
CSRF_FAILURE_VIEW = "ttsmonitor.monitor.views.csrf_failure"

LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
TIME_ZONE = environment.time_zone()
FORMAT_MODULE_PATH = "openmoxie.formats"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = WORK_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Private like everything else in the work directory.
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# WhiteNoise answers with small files read synchronously, which is fine here.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

# Pages are served over plain HTTP on loopback or a home network. Whoever puts them behind a TLS
# proxy lets the proxy redirect and send HSTS; secure cookies would lock everybody else out.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
# No inline code anywhere. ContentPolicyMiddleware adds the addresses of the two sites.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.SELF],
        "img-src": [csp.SELF, "data:"],  # icons in Bootstrap's style sheet
        "connect-src": [csp.SELF],
        "media-src": [csp.SELF],
        "object-src": [csp.NONE],
        "base-uri": [csp.NONE],
        "form-action": [csp.SELF],
        "frame-ancestors": [csp.NONE],
    }
}

environment.check_log_format()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "health": {"()": "django.utils.log.CallbackFilter", "callback": is_not_a_health_report}
    },
    "formatters": {
        "line": {"()": "ttsmonitor.system.log_format.make_formatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": environment.log_level()},
    "loggers": {
        "django.request": {"filters": ["health"]},
        "axes": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "amqtt": {"level": "WARNING"},
        "transitions": {"level": "WARNING"},
    },
}
