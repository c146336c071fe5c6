"""What every KeyStore must do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from carafe.access import Rate, Role
from carafe.access.key_store import KeyRecord, KeyStore
from carafe.errors import KeyNotFound
from carafe.testing.raising import refused

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
MakeKeys = Callable[[], KeyStore]


def record(key: str, *, role: Role = Role.READER, minutes: int = 0) -> KeyRecord:
    """Return a key's record, made some minutes after noon."""
    return KeyRecord(id=key, name=f"key {key} é", role=role, digest=key * 8, created=NOON + timedelta(minutes=minutes))


def an_empty_store_knows_no_key(make: MakeKeys) -> None:
    """Nothing is found and nothing listed before a key was added."""
    store = make()
    assert store.find("abc") is None
    assert store.all() == ()


def a_record_comes_back_as_it_was(make: MakeKeys) -> None:
    """Every field survives, the moment to the microsecond."""
    store, added = make(), record("abcdefgh", role=Role.OPERATOR)
    store.add(added)
    assert store.find("abcdefgh") == added
    assert store.all() == (added,)


def identifiers_are_told_apart_by_case(make: MakeKeys) -> None:
    """An identifier is found only as it was written."""
    store = make()
    store.add(record("abc"))
    assert store.find("ABC") is None
    assert store.find("ab") is None


def keys_are_listed_oldest_first(make: MakeKeys) -> None:
    """The list is in the order in which keys were made, not added."""
    store = make()
    for key, minutes in (("later", 2), ("first", 0), ("then", 1)):
        store.add(record(key, minutes=minutes))
    assert [known.id for known in store.all()] == ["first", "then", "later"]


def a_revoked_key_keeps_its_record_and_first_date(make: MakeKeys) -> None:
    """Revoking marks, twice is once, and other keys are left alone."""
    store = make()
    store.add(record("abc"))
    store.add(record("other", minutes=1))
    revoked = replace(record("abc"), revoked=NOON + timedelta(hours=1))
    assert store.revoke("abc", when=NOON + timedelta(hours=1)) == revoked
    assert store.revoke("abc", when=NOON + timedelta(hours=2)) == revoked
    assert store.all() == (revoked, record("other", minutes=1))


def revoking_an_unknown_key_is_refused(make: MakeKeys) -> None:
    """The error names the identifier and says where to look."""
    refused(KeyNotFound, lambda: make().revoke("nobody", when=NOON), "nobody", "carafe keys list")


def the_first_of_a_role_is_added_once(make: MakeKeys) -> None:
    """Only the first key of a role is added so, even where that one was revoked; other roles don't count."""
    store = make()
    store.add(record("reader"))
    assert store.add_first(record("one", role=Role.ADMINISTRATOR))
    store.revoke("one", when=NOON)
    assert not store.add_first(record("two", role=Role.ADMINISTRATOR))
    assert store.find("two") is None


def of_racing_first_keys_one_wins(make: MakeKeys) -> None:
    """However many threads try at once, one key is added."""
    store = make()
    drafts = [record(f"key{number}", role=Role.ADMINISTRATOR) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(store.add_first, drafts)) == [False] * 7 + [True]
    assert len(store.all()) == 1


def a_limit_is_kept_and_changed(make: MakeKeys) -> None:
    """A record has the limit that it was added with, until another is set; other keys are left alone."""
    store, rate = make(), Rate(requests=5, seconds=60)
    store.add(replace(record("abc"), rate=rate))
    store.add(record("other", minutes=1))
    found = store.find("abc")
    assert found is not None
    assert found.rate == rate
    changed = Rate(requests=100, seconds=1)
    assert store.limit("abc", changed) == replace(record("abc"), rate=changed)
    assert [known.rate for known in store.all()] == [changed, None]
    assert store.limit("abc", None) == record("abc")
    refused(KeyNotFound, lambda: store.limit("nobody", rate))


KEY_CHECKS: tuple[Callable[[MakeKeys], None], ...] = (
    an_empty_store_knows_no_key,
    a_record_comes_back_as_it_was,
    identifiers_are_told_apart_by_case,
    keys_are_listed_oldest_first,
    a_revoked_key_keeps_its_record_and_first_date,
    revoking_an_unknown_key_is_refused,
    the_first_of_a_role_is_added_once,
    of_racing_first_keys_one_wins,
    a_limit_is_kept_and_changed,
)


def check_key_store(make: MakeKeys) -> None:
    """Run every check, each on a fresh store; raise AssertionError at the first broken promise."""
    for check in KEY_CHECKS:
        check(make)
