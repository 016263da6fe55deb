"""The files of the Mosquitto that run_broker and docker-compose.yml start."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from hive.broker.access import (
    ANYBODY,
    NOBODY,
    ROBOT_USERNAME,
    Access,
    Account,
    make_access,
)
from hive.broker.certificates import ensure_certificate
from hive.broker.limits import (
    INFLIGHT_BYTES,
    INFLIGHT_MESSAGES,
    LOCAL_CONNECTIONS,
    MEMORY_BYTES,
    PACKET_BYTES,
    QUEUED_BYTES,
    QUEUED_MESSAGES,
    ROBOT_CONNECTIONS,
)
from ttsmirror.exceptions import BrokerError
from ttsmirror.secret_file import own_user
from ttsmonitor.system.private_files import write_private

ROBOTS_ACL = f"""\
# Mosquitto reports each denial to a client with "#" or "+" in its id on its log topic. It crashes
# if that client hears the report and is denied it. So the log is denied to robots by name.
topic deny $SYS/#
user {ROBOT_USERNAME}
topic deny $SYS/#

# A robot has no password that a broker could check: its client id says which topics are its own.
pattern write /devices/%c/state
pattern write /devices/%c/events/+
pattern read /devices/%c/config
pattern read /devices/%c/commands/+
# A client may call itself d_x/events: its "state" would be an event of the robot d_x. No event and
# no command has one of these names, and no topic of a robot has more levels than an event.
# Mosquitto warns of patterns without %c; these mean it.
pattern deny /devices/+/+/state
pattern deny /devices/+/+/config
pattern deny /devices/+/+/+/+/#
"""
"""The access rules of the robots' port."""
CONFIG = "mosquitto.conf"
PASSWORD_ROUNDS = 100_000
RANDOM_ROUNDS = 1_000
PLUGINS = {"acl_file": "mosquitto_acl_file.so", "password_file": "mosquitto_password_file.so"}
"""The plugins that Mosquitto 2.1 has in place of two of its options."""
PLUGIN_DIRECTORIES = ("lib", "lib/mosquitto", "lib/*", "lib/*/mosquitto", "lib64/mosquitto")


@dataclass(frozen=True)
class Place:
    """The directories and listeners of a Mosquitto."""

    files: Path
    """Directory of the files that write_config() makes, as Mosquitto sees it."""
    data: Path
    host: str
    """Address of the listener without TLS; all addresses if it is empty."""
    port: int
    tls_port: int
    user: str = ""
    """Name of the user that Mosquitto becomes; empty: it decides."""
    account_port: int = 0
    """Port with TLS for programs on other computers, which need an account; 0: none."""


def write_config(
    directory: Path,
    *,
    host: str,
    port: int,
    tls_port: int,
    account: Account = ANYBODY,
    anonymous: bool = True,
    name: str = "",
    program: str = "",
) -> Path:
    """Write the files that Mosquitto reads into `directory`; return the configuration's path.

    It listens without TLS on `host`, a loopback address, for the hive, the speech service and
    people's tools, and with TLS on all addresses for robots. `name` is the name under which the
    programs know the broker, if it is not `host`. `program` is the Mosquitto that reads the files.
    """
    # As root, Mosquitto would switch to a user who cannot read this directory.
    user = "root" if own_user() == 0 else ""
    access = make_access(directory, name or host, account=account, anonymous=anonymous)
    place = Place(directory, directory, host, port, tls_port, user)
    return write_files(directory, place, access, program)


def write_files(directory: Path, place: Place, access: Access, program: str = "") -> Path:
    """Write certificate, accounts, rules and configuration into `directory`; return the last."""
    ensure_certificate(directory)
    contents = {
        "robots.acl": ROBOTS_ACL,
        "local.acl": local_acl(access),
        "passwords": "".join(map(password_line, access.accounts)),
        CONFIG: _config(place, anonymous=access.anonymous, plugins=_plugins(program)),
    }
    for name, content in contents.items():
        write_private(directory / name, content.encode())
    return directory / CONFIG


def local_acl(access: Access) -> str:
    """Return the access rules of the listener without TLS."""
    lines: list[str] = []
    for username, rules in access.rules.items():
        lines += ["", f"user {username}"] if username != NOBODY else []
        lines += [f"topic {rule.access} {rule.topic}" for rule in rules]
    return "\n".join([*lines, ""])


def password_line(account: Account) -> str:
    """Return a line of Mosquitto's password file.

    Mosquitto's own tool reads the password from a terminal only. Raises BrokerError for an account
    that the file cannot hold.
    """
    if not re.fullmatch(r"[^:\s]+", account.username):
        raise BrokerError("MQTT_USERNAME must not have a colon or white space.")
    if not account.password:
        raise BrokerError("MQTT_USERNAME is set, but MQTT_PASSWORD is not: set both or neither.")
    salt = secrets.token_bytes(12)
    # Mosquitto serves nobody while it computes them, at each login.
    rounds = RANDOM_ROUNDS if account.is_random else PASSWORD_ROUNDS
    digest = hashlib.pbkdf2_hmac("sha512", account.password.encode(), salt, rounds)
    fields = (str(rounds), _base64(salt), _base64(digest))
    return f"{account.username}:$7${'$'.join(fields)}\n"


def _plugins(program: str) -> dict[str, Path]:
    """Return the plugins of this Mosquitto, by the option that each replaces; none before 2.1."""
    if not program:
        return {}
    root = Path(program).parent.parent
    found: dict[str, Path] = {}
    for option, name in PLUGINS.items():
        paths = (path for folder in PLUGIN_DIRECTORIES for path in root.glob(f"{folder}/{name}"))
        if path := next(paths, None):
            found[option] = path
    return found if len(found) == len(PLUGINS) else {}


def _config(place: Place, *, anonymous: bool, plugins: dict[str, Path]) -> str:
    files = place.files
    passwords = ("passwords", "password_file", files / "passwords")
    local = ("local", "acl_file", files / "local.acl")
    robots = ("robots", "acl_file", files / "robots.acl")
    if plugins:
        head = "".join(
            f"plugin_load {name} {plugins[option]}\nplugin_opt_{option} {path}\n"
            for name, option, path in (passwords, local, robots)
        )
    else:
        head = "per_listener_settings true\n"

    def guarded(*guards: tuple[str, str, Path], anonymous: bool) -> str:
        prefix = "listener_" if plugins else ""
        lines = [f"{prefix}allow_anonymous {'true' if anonymous else 'false'}"]
        lines += [
            f"plugin_use {name}" if plugins else f"{option} {path}" for name, option, path in guards
        ]
        return "\n".join(lines)

    # A speech service in the network needs what the listener without TLS gives its account.
    network = f"""
# For our programs on other computers.
listener {place.account_port}
{guarded(passwords, local, anonymous=False)}
max_connections {LOCAL_CONNECTIONS}
certfile {files / "certificate.pem"}
keyfile {files / "key.pem"}
"""
    return f"""\
# Written anew at every start of the broker: changes here are lost.
{head}
{f"user {place.user}" if place.user else ""}
persistence true
persistence_location {place.data}/
autosave_interval 30
persistent_client_expiration 60d

max_packet_size {PACKET_BYTES}
max_inflight_messages {INFLIGHT_MESSAGES}
max_inflight_bytes {INFLIGHT_BYTES}
max_queued_messages {QUEUED_MESSAGES}
max_queued_bytes {QUEUED_BYTES}
memory_limit {MEMORY_BYTES}

log_dest stderr
log_dest topic
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
connection_messages true
set_tcp_nodelay true

# For the hive, the speech service and people's tools.
listener {place.port} {place.host}
{guarded(passwords, local, anonymous=anonymous)}
max_connections {LOCAL_CONNECTIONS}

# For robots, which have no account that a broker could know: each reaches its own topics only.
listener {place.tls_port}
{guarded(robots, anonymous=True)}
max_connections {ROBOT_CONNECTIONS}
certfile {files / "certificate.pem"}
keyfile {files / "key.pem"}
{network if place.account_port else ""}"""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
