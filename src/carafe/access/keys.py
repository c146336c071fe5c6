"""API keys: how they are made, listed and revoked. The text of a key is seen once, when it is made."""

from __future__ import annotations

import hmac
import re
import secrets
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime

from carafe.access.home import Home, open_home
from carafe.access.key_store import KeyRecord, KeyStore
from carafe.access.keys_memory import MemoryKeyStore
from carafe.access.keys_sql import SqlKeyStore
from carafe.access.permission import Role
from carafe.access.rate import Rate
from carafe.access.secret import SIZE, Purpose, derive
from carafe.database.connection import PATIENCE
from carafe.errors import InvalidName
from carafe.settings import Settings

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 10
_SECRET_LENGTH = 43
"""Characters out of 62: 256 bits."""

_PATTERN = re.compile(rf"carafe_([a-zA-Z0-9]{{{_ID_LENGTH}}})_[a-zA-Z0-9]{{{_SECRET_LENGTH}}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made. Its text is nowhere else: show it to whoever asked, then forget it."""

    record: KeyRecord
    text: str = field(repr=False)


class Keys:
    """The API keys of a home."""

    def __init__(self, *, store: KeyStore, key: bytes, home: Home | None = None) -> None:
        self.store = store
        self._key = key
        self._home = home

    def create(self, *, role: Role, name: str = "", rate: Rate | None = None) -> NewKey:
        """Make a key; ``name`` says whose it is, its role when left out; ``rate`` how much its owner may ask.

        Raises:
            InvalidName: when the name is longer than 100 characters or holds control characters.
        """
        new = self._draw(role=role, name=name, rate=rate)
        self.store.add(new.record)
        return new

    def create_first(self, *, role: Role, name: str = "") -> NewKey | None:
        """Make a key unless one of this role was ever made, revoked or not; of racing processes, one makes it."""
        new = self._draw(role=role, name=name)
        return new if self.store.add_first(new.record) else None

    def all(self) -> tuple[KeyRecord, ...]:
        """Return every key's record, revoked ones included, oldest first."""
        return self.store.all()

    def revoke(self, key: str) -> KeyRecord:
        """Refuse a key from now on (within 5 seconds in every process), and return its record.

        Raises:
            KeyNotFound: when no key has this identifier.
        """
        return self.store.revoke(key, when=datetime.now(UTC))

    def limit(self, key: str, rate: Rate | None) -> KeyRecord:
        """Change how much a key's owner may ask (within 5 seconds in every process), and return its record.

        Args:
            key: the key's identifier.
            rate: the limit; None leaves it to the service's setting.

        Raises:
            KeyNotFound: when no key has this identifier.
        """
        return self.store.limit(key, rate)

    def digest(self, text: str) -> str:
        """Return the keyed digest under which a key's text is known."""
        return hmac.digest(self._key, text.encode(), "sha256").hex()

    def close(self) -> None:
        """Let go of the home's database, where there is one."""
        if self._home is not None:
            self._home.close()

    def _draw(self, *, role: Role, name: str, rate: Rate | None = None) -> NewKey:
        name = name or role.value
        if len(name) > 100 or not name.isprintable():
            raise InvalidName(f"{name[:40]!r} can't be a key's name: use 1 to 100 printable characters")
        key = _random(_ID_LENGTH)
        text = f"carafe_{key}_{_random(_SECRET_LENGTH)}"
        created = datetime.now(UTC)
        digest = self.digest(text)
        return NewKey(
            text=text, record=KeyRecord(id=key, name=name, role=role, digest=digest, created=created, rate=rate)
        )


def ensure_administrator_key(keys: Keys) -> str | None:
    """Return the text of a new home's administrator key, once; None when an administrator's key was ever made."""
    if any(record.role is Role.ADMINISTRATOR for record in keys.all()):
        return None  # without a write, so that a server starts on a disk that is full
    new = keys.create_first(role=Role.ADMINISTRATOR, name="first administrator")
    return None if new is None else new.text


def identifier(text: str) -> str | None:
    """Return the identifier inside a key's text, or None when the text has not the form of a key."""
    match = _PATTERN.fullmatch(text)
    return match[1] if match else None


def open_keys(settings: Settings, *, patience: float = PATIENCE) -> Keys:
    """Return the keys of the home that ``settings`` name; see ``open_home`` for what can fail."""
    home = open_home(settings, patience=patience)
    return Keys(store=SqlKeyStore(home.database), key=home.key_for(Purpose.API_KEYS), home=home)


def memory_keys() -> Keys:
    """Return keys that live in this process alone."""
    return Keys(store=MemoryKeyStore(), key=derive(secrets.token_bytes(SIZE), Purpose.API_KEYS))


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
