"""The home's secret: 32 random bytes that sign its artefacts and key the digests of its API keys."""

from __future__ import annotations

import hmac
import os
import secrets
from enum import StrEnum
from pathlib import Path

from carafe.database import exclusively, flush_folder, prepare_home
from carafe.errors import DamagedHome, StorageUnavailable

FILE = "secret.key"
"""The secret's name in the home."""

SIZE = 32


class Purpose(StrEnum):
    """What a derived key is for. One purpose never learns, or stands in for, the key of another."""

    ARTEFACTS = "artefacts"
    API_KEYS = "api-keys"
    CHECK = "check"
    STORE = "store"
    """Not a key but the mark of the place in which a registry keeps files, which whoever reads there can read."""


def derive(secret: bytes, purpose: Purpose) -> bytes:
    """Return the 32-byte key for one purpose (HMAC-SHA256 of the purpose, keyed with the home's secret)."""
    return hmac.digest(secret, f"carafe {purpose}".encode(), "sha256")


def find_secret(home: Path) -> bytes | None:
    """Return the secret of ``home``, or None where there is none.

    Raises:
        DamagedHome: when the file does not hold a secret.
        StorageUnavailable: when it can't be read.
    """
    file = home / FILE
    try:
        secret = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageUnavailable(f"{file} can't be read ({error.strerror}): check its owner") from error
    if len(secret) != SIZE:
        raise DamagedHome(
            f"{file} has {len(secret)} bytes, expected {SIZE}: restore it from a backup of this home; without it "
            "neither its models nor its keys can be verified"
        )
    return secret


def make_secret(home: Path) -> bytes:
    """Return the secret of a new home, created where no other process was first. Safe in racing processes.

    Raises:
        DamagedHome: when there is a file that does not hold a secret.
        StorageUnavailable: when it can't be read or created.
    """
    try:
        with exclusively(prepare_home(home)):
            if (found := find_secret(home)) is not None:
                return found
            secret = secrets.token_bytes(SIZE)
            _write(home / FILE, secret)
            return secret
    except OSError as error:
        raise StorageUnavailable(f"{home / FILE} can't be created ({error.strerror}): check its owner") from error


def put_secret(home: Path, secret: bytes) -> None:
    """Give an empty home the secret of the one that is restored into it.

    Raises:
        OSError: when it can't be written; what was there is still there.
    """
    with exclusively(home):
        _write(home / FILE, secret)


def _write(file: Path, secret: bytes) -> None:
    """Write the secret under another name first: whoever finds ``file`` finds it complete."""
    draft = file.with_name(f"{FILE}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(secret)
        stream.flush()
        os.fsync(stream.fileno())
    draft.rename(file)
    flush_folder(file.parent)
