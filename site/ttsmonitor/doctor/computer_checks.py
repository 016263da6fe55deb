"""The checks of this computer: settings, ports, files, disk, memory and clock."""

from __future__ import annotations

import os
import platform
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.http.request import validate_host

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.reasons import Reason, reason_of
from ttsmirror.secret_file import own_user
from ttsmirror.version import VERSION
from ttsmonitor.checks import SETTINGS
from ttsmonitor.conf import conf
from ttsmonitor.doctor.base import Finding, fault, ok, skipped, warning
from ttsmonitor.doctor.situation import Situation
from ttsmonitor.system.commands import is_in_container, shell_path
from ttsmonitor.system.lock import Service
from ttsmonitor.system.ports import LOCALHOST, answers, ensure_port_free, loopback_address
from ttsmonitor.web.home_network import home_address

ANSWER_SECONDS = 5.0
MEGABYTE = 1_000_000
LOW_DISK_MB, FULL_DISK_MB = 500, 50
LOW_MEMORY_MB = 150
OLDEST_YEAR = 2025
"""This program was written later: an earlier year is that of a clock which was never set."""
MEMORY_FILE = Path("/proc/meminfo")
PACKAGES = ("Django", "paho-mqtt", "channels", "piper-tts")
LOOKED_AT_FILES = 10_000


def look_at_settings(situation: Situation) -> Iterator[Finding]:
    """Check that settings are readable and in range, and that none is mistyped."""
    found = run_checks(tags=[SETTINGS])
    for message in found:
        yield (fault if message.is_serious() else warning)(_sentence(message))
    if not found:
        yield ok(Reason("all settings are known and in their ranges"))


def pages_check(
    service: Service, port: Callable[[], int], setting: str
) -> Callable[[Situation], Iterator[Finding]]:
    """Return a check of the port on which the pages of `service` are served."""

    def look(situation: Situation) -> Iterator[Finding]:
        if is_in_container():
            yield skipped(Reason("each container has ports of its own"))
            return
        process, number = situation.processes.get(service), port()
        host = "127.0.0.1" if conf.HTTP_HOST in LOCALHOST else conf.HTTP_HOST
        if process is None:
            try:
                ensure_port_free(conf.HTTP_HOST, number, setting)
            except MoxieTTSError as exc:
                yield fault(reason_of(exc))
            else:
                yield ok(Reason("port {port} is free: nothing is served here", port=number))
        elif _serves_us(host, number):
            yield ok(
                Reason("served on port {port} by process {process}", port=number, process=process)
            )
        else:
            yield fault(
                Reason(
                    "the {service} runs (process {process}), but its pages on port {port} do not"
                    " answer",
                    service=service.value,
                    process=process,
                    port=number,
                ),
                situation.restart_command(service),
            )

    return look


look_at_monitor_pages = pages_check(Service.SPEECH, lambda: conf.HTTP_PORT, "HTTP_PORT")


def look_at_addresses(situation: Situation) -> Iterator[Finding]:
    """Check that pages that are open to the network may be asked for by this computer's address."""
    if loopback_address(conf.HTTP_HOST) is not None or is_in_container():
        yield ok(Reason("the pages are for this computer, and for phones if you have opened them"))
        return
    address = home_address() if conf.HTTP_HOST in LOCALHOST else conf.HTTP_HOST
    if not address or validate_host(address, settings.ALLOWED_HOSTS):
        yield ok(Reason("the pages are open to the network"))
        return
    yield fault(
        Reason(
            "the pages are open to the network, but ALLOWED_HOSTS does not have {address}",
            address=address,
        ),
        f"export ALLOWED_HOSTS={','.join([*settings.ALLOWED_HOSTS, address])}",
    )


def look_at_broker_ports(situation: Situation) -> Iterator[Finding]:
    """Check that the broker of this computer has its two ports, or could have them."""
    host = loopback_address(conf.MQTT_HOST)
    if host is None or is_in_container():
        yield skipped(Reason("the broker is not started on this computer"))
        return
    if conf.MQTT_PORT == conf.MQTT_SSL_PORT:
        yield fault(
            Reason("MQTT_PORT and MQTT_SSL_PORT are both {port}: give two", port=conf.MQTT_PORT)
        )
        return
    is_up = answers(host, conf.MQTT_PORT)
    if is_up or Service.BROKER in situation.processes:
        yield ok(Reason("port {port} is the broker's", port=conf.MQTT_PORT))
        return
    try:
        ensure_port_free(host, conf.MQTT_PORT, "MQTT_PORT")
        ensure_port_free(host, conf.MQTT_SSL_PORT, "MQTT_SSL_PORT")
    except MoxieTTSError as exc:
        yield fault(reason_of(exc))
    else:
        yield ok(
            Reason(
                "ports {port} and {other} are free", port=conf.MQTT_PORT, other=conf.MQTT_SSL_PORT
            )
        )


def look_at_files(situation: Situation) -> Iterator[Finding]:
    """Check that the work directory can be written, and is ours and private."""
    directory, shown = conf.work_dir, shell_path(conf.work_dir)
    if not os.access(directory, os.W_OK | os.X_OK):
        yield fault(
            Reason("{path} cannot be written by this account", path=shown),
            f'sudo chown -R "$USER" {shown}',
        )
        return
    foreign, readable = _strangers(directory)
    if foreign:
        yield fault(
            Reason(
                "{path} belongs to another account, as after a start with sudo",
                path=shell_path(foreign),
            ),
            f'sudo chown -R "$USER" {shown}',
        )
    if readable:
        yield warning(
            Reason("others may read {path}", path=shell_path(readable)), f"chmod -R go= {shown}"
        )
    if not (foreign or readable):
        yield ok(Reason("{path} is private and can be written", path=shown))


def look_at_disk(situation: Situation) -> Iterator[Finding]:
    """Check the free space of the work directory."""
    free = shutil.disk_usage(conf.work_dir).free // MEGABYTE
    if free < FULL_DISK_MB:
        yield fault(_little_room(free), _usage_command())
    elif free < LOW_DISK_MB:
        yield warning(_little_room(free), _usage_command())
    else:
        yield ok(Reason("{megabytes} MB are free", megabytes=free))


def look_at_memory(situation: Situation) -> Iterator[Finding]:
    """Check the memory that programs can still get."""
    try:
        lines = MEMORY_FILE.read_text().splitlines()
        sizes = {
            name: int(rest.split()[0])
            for name, _colon, rest in (each.partition(":") for each in lines)
        }
        megabytes = sizes["MemAvailable"] * 1024 // MEGABYTE
    except (OSError, ValueError, LookupError):
        yield skipped(Reason("this system does not tell how much memory is free"))
        return
    if megabytes < LOW_MEMORY_MB:
        yield warning(
            Reason(
                "only {megabytes} MB of memory are free: end another program, or use a smaller"
                " voice with TTS_LOADED_MB=100",
                megabytes=megabytes,
            )
        )
    else:
        yield ok(Reason("{megabytes} MB are free", megabytes=megabytes))


def look_at_software(situation: Situation) -> Iterator[Finding]:
    """Name the versions in use, and check the clock's year."""
    year = datetime.now(UTC).year
    if year < OLDEST_YEAR:
        yield fault(
            Reason("this computer's clock shows the year {year}", year=str(year)),
            "sudo timedatectl set-ntp true",
        )
    yield ok(Reason("{versions}", versions=", ".join(versions())))


def versions() -> list[str]:
    """Return the versions of this program, of Python and of the packages that matter."""
    found = [f"Moxie {VERSION}", f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return [*found, f"{platform.system()} {platform.machine()}"]


def _sentence(message: CheckMessage) -> str:
    """Return what a system check says, with its hint."""
    if not message.hint:
        return message.msg
    return Reason(
        "{first} {rest}", first=_translatable(message.msg), rest=_translatable(message.hint)
    )


def _translatable(words: str) -> str:
    return words if isinstance(words, Reason) else Reason(words)


def _serves_us(host: str, port: int) -> bool:
    """Return True if a server answers there with a page, whatever its status."""
    url = f"http://{host}:{port}/health"
    try:
        urllib.request.urlopen(url, timeout=ANSWER_SECONDS).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _strangers(directory: Path) -> tuple[Path | None, Path | None]:
    """Return a file of another account, and one that others may read; None where there is none."""
    foreign = readable = None
    own = own_user()
    if not own:
        return None, None  # root may read and write everything, and Windows knows no modes
    count = 0
    for folder, _folders, files in os.walk(directory):
        for name in files:
            count += 1
            path = Path(folder, name)
            try:
                status = path.lstat()
            except OSError:
                continue
            if status.st_uid != own:
                foreign = foreign or path
            elif status.st_mode & 0o077 and _is_private(path):
                readable = readable or path
        if count > LOOKED_AT_FILES:
            break
    return foreign, readable


def _is_private(path: Path) -> bool:
    return path.suffix == ".sqlite3" or path.name in ("secret_key", "installation_id")


def _little_room(megabytes: int) -> Reason:
    return Reason(
        "only {megabytes} MB are free on the disk of {path}",
        megabytes=megabytes,
        path=shell_path(conf.work_dir),
    )


def _usage_command() -> str:
    return f"du -xh {shell_path(conf.work_dir)} | sort -h | tail"
