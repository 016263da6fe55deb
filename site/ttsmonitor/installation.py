"""The names under which this installation is known to the broker."""

from __future__ import annotations

from ttsmonitor.conf import conf
from ttsmonitor.exceptions import TTSMonitorError
from ttsmonitor.secrets import kept_secret

SUFFIX_BYTES = 8


def client_id(name: str) -> str:
    """`name` with this installation's suffix: the same at every start, and nobody can guess it.

    A client that comes with the id of another one throws it out and ends its session, and the
    robots' port lets anybody in. Raises TTSMonitorError where the suffix cannot be kept.
    """
    path = conf.work_dir / "installation_id"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return f"{name}-{kept_secret(path, SUFFIX_BYTES)}"
    except OSError as exc:
        raise TTSMonitorError(f"{path} cannot be kept: {exc.strerror}.") from exc
