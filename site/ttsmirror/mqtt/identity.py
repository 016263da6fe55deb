"""The names under which this installation is known to the broker."""

from __future__ import annotations

import hashlib
import secrets

from ttsmirror.conf import conf
from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.secret_file import kept_secret

SUFFIX_BYTES = 8
DIGEST_CHARACTERS = 16
INSTANCE_BYTES = 4


def client_id(name: str) -> str:
    """Return `name` with this installation's secret suffix, the same at every start.

    A client that connects with the id of another one evicts it and ends its session, and the
    robots' port lets anybody in. Raises MoxieTTSError if the suffix cannot be written.
    """
    path = conf.work_dir / "installation_id"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return f"{name}-{kept_secret(path, SUFFIX_BYTES)}"
    except OSError as exc:
        raise MoxieTTSError(f"cannot write {path}: {exc.strerror}.") from exc


def new_instance(client_id: str) -> str:
    """Return an id that tells this client from another of the same name, without the name."""
    digest = hashlib.sha256(client_id.encode()).hexdigest()[:DIGEST_CHARACTERS]
    return f"{digest}.{secrets.token_hex(INSTANCE_BYTES)}"


def is_same_client(instance: str, other: str) -> bool:
    """Return True if `other` is another instance of the same client id."""
    return instance != other and instance.partition(".")[0] == other.partition(".")[0]
