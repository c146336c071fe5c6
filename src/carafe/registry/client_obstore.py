"""Objects in a bucket of an S3-compatible store: named bytes, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from carafe.errors import InvalidSetting, StorageUnavailable

_CONNECT = timedelta(seconds=3)
_REQUEST = timedelta(seconds=10)
"""How long one request may take; a file goes in parts of PART bytes, each a request of its own."""
_RETRIES = 3
_GIVE_UP = timedelta(seconds=10)
"""After which no further try is begun."""
PART = 8 * 1024**2

_PARAMETERS = frozenset({"endpoint", "region", "access_key_id", "secret_access_key", "session_token", "path_style"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object, as a list tells of it."""

    key: str
    modified: datetime
    """By the store's own clock."""


class Bucket:
    """What is under a prefix of a bucket. Safe to use from several threads, and in one process of a family.

    Every method raises StorageUnavailable when the store does not answer in time, or does not let us in; what can be
    tried again is, a few times, before that.

    Raises:
        InvalidSetting: when the URL has parameters that mean nothing here. It is not shown: it may hold credentials.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query))
        if unknown := given.keys() - _PARAMETERS:
            raise InvalidSetting(
                f"artifacts_url (CARAFE_ARTIFACTS_URL): no such parameter as {', '.join(sorted(unknown))}; there are "
                f"{', '.join(sorted(_PARAMETERS))}"
            )
        path_style = given.pop("path_style", "true").lower() != "false"
        options: dict[str, Any] = {**given, "virtual_hosted_style_request": not path_style}
        self._store = S3Store(
            parts.netloc,
            prefix=unquote(parts.path).strip("/") or None,
            client_options={"allow_http": True, "connect_timeout": _CONNECT, "timeout": _REQUEST},
            retry_config={"max_retries": _RETRIES, "retry_timeout": _GIVE_UP},
            **options,
        )

    def put(self, key: str, content: bytes | IO[bytes]) -> None:
        """Write an object; a file is read from where it stands, in parts."""
        with _told():
            obstore.put(self._store, key, content, chunk_size=PART, max_concurrency=4)

    def put_new(self, key: str, content: bytes) -> None:
        """Write a small object unless there is one, in one step where the store knows how; look what is there then."""
        with _told():
            try:
                obstore.put(self._store, key, content, mode="create")
            except AlreadyExistsError:
                return
            except BaseError as error:
                if "NotImplemented" not in str(error):  # which some stores say to any condition
                    raise
                if self.get(key) is None:
                    obstore.put(self._store, key, content)

    def get(self, key: str) -> bytes | None:
        """Return an object's content, or None where there is none."""
        with suppress(_Absent), _told():
            return bytes(obstore.get(self._store, key).bytes())
        return None

    def download(self, key: str, file: Path, size: int) -> bool:
        """Write an object of ``size`` bytes into a new file, closed to others; tell whether there was one."""
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream, suppress(_Absent):
            for begin in range(0, size, PART):
                with _told():
                    part = obstore.get_range(self._store, key, start=begin, end=min(begin + PART, size))
                stream.write(part)
            return True
        return False

    def copy(self, key: str, to: str) -> bool:
        """Write an object once more under another key; tell whether there was one."""
        with suppress(_Absent), _told():
            obstore.copy(self._store, key, to)
            return True
        return False

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there are no error."""
        with _told():
            if keys:
                obstore.delete(self._store, keys)

    def list(self, prefix: str) -> list[Found]:
        """Return the objects whose keys begin with ``prefix``, which ends with a slash."""
        with _told():
            return [
                Found(key=found["path"], modified=found["last_modified"])
                for some in obstore.list(self._store, prefix)
                for found in some
            ]


class _Absent(StorageUnavailable):
    """Raised when an object is not there: nothing for whoever may expect that, and a fault of the store else."""


@cache
def _first_process() -> int:
    return os.getpid()


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the library says into StorageUnavailable, without addresses, which mean nothing to those who ask."""
    if _first_process() != os.getpid():
        # The library's threads did not come along into this process: any call would wait for them for ever.
        raise StorageUnavailable(
            "the object store was used by a process that was then forked into this one, and can't be used in both: let "
            "each worker open the registry for itself (gunicorn without --preload)"
        )
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        _refuse_no_bucket(error)
        raise _Absent("the object store has nothing where it should have something: look again") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StorageUnavailable(
            "the object store refuses these credentials: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or what "
            "CARAFE_ARTIFACTS_URL says in their place, and what the bucket's policy lets them do"
        ) from error
    except (BaseError, TimeoutError, ConnectionError) as error:
        _refuse_no_bucket(error)
        said = str(error).partition("\n")[0].rpartition(" - ")[2][:200]
        raise StorageUnavailable(
            f"the object store can't be used now ({said}): check the one that CARAFE_ARTIFACTS_URL names, then try "
            "again"
        ) from error


def _refuse_no_bucket(error: Exception) -> None:
    """Raise StorageUnavailable if the bucket itself is not there, which a list is told as if nobody knew the reason."""
    if "NoSuchBucket" in str(error):
        raise StorageUnavailable(
            "there is no such bucket as CARAFE_ARTIFACTS_URL names: create it, or correct the URL"
        ) from error
