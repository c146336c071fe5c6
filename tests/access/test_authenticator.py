from __future__ import annotations

import pytest

from carafe.access import Authenticator, Keys, Role, ensure_administrator_key, memory_keys
from carafe.access.authenticator import CAPACITY, GRACE, LIFETIME
from carafe.access.key_store import KeyRecord, KeyStore
from carafe.errors import StorageUnavailable, Unauthenticated


class Clock:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """How often a store was asked, while it answers as always."""

    def __init__(self, keys: Keys) -> None:
        self.asked = 0
        self._find = keys.store.find
        keys.store.find = self.find  # type: ignore[method-assign]

    def find(self, key: str) -> KeyRecord | None:
        self.asked += 1
        return self._find(key)


def test_a_key_proves_its_name_and_role() -> None:
    keys = memory_keys()
    new = keys.create(role=Role.OPERATOR, name="nightly")
    principal = Authenticator(keys).authenticate(new.text)
    assert (principal.name, principal.role, principal.key) == ("nightly", Role.OPERATOR, new.record.id)
    assert principal.permissions == Role.OPERATOR.permissions


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: None,  # noqa: ARG005 - no key at all
        lambda text: "",  # noqa: ARG005
        lambda text: text[:-1],
        lambda text: text + "a",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.swapcase(),
        lambda text: text.replace("carafe_", "carafe_aaaaaaaaaa_", 1),
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: "carafe_" + "a" * 10 + text[17:],
        lambda text: text[:-1] + "é",
        lambda text: text[:-1] + "\udc80",
        lambda text: text[:-1] + "\x00",
        lambda text: text[:-1] + "\u0661",
        lambda text: text * 100_000,
    ],
)
def test_every_other_text_is_refused_with_the_same_words(mangle: object) -> None:
    keys = memory_keys()
    new = keys.create(role=Role.READER)
    with pytest.raises(Unauthenticated) as refused:
        Authenticator(keys).authenticate(mangle(new.text))  # type: ignore[operator]
    with pytest.raises(Unauthenticated) as nothing:
        Authenticator(keys).authenticate(None)
    assert str(refused.value) == str(nothing.value)
    assert "Authorization: Bearer" in str(refused.value)


def test_a_proved_key_is_not_looked_up_again_until_its_time_is_over() -> None:
    keys, clock = memory_keys(), Clock()
    text = keys.create(role=Role.READER).text
    store, authenticator = Counted(keys), Authenticator(keys, clock=clock)
    for _ in range(100):
        authenticator.authenticate(text)
    assert store.asked == 1
    clock.now += LIFETIME
    authenticator.authenticate(text)
    assert store.asked == 2


def test_a_revoked_key_is_refused_within_five_seconds_even_where_it_was_just_proved() -> None:
    keys, clock = memory_keys(), Clock()
    new = keys.create(role=Role.READER)
    authenticator = Authenticator(keys, clock=clock)
    authenticator.authenticate(new.text)
    keys.revoke(new.record.id)
    clock.now += 5
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(new.text)
    with pytest.raises(Unauthenticated):
        Authenticator(keys).authenticate(new.text)


class Broken(Counted):
    """A store that can't be asked for a while."""

    broken = False

    def find(self, key: str) -> KeyRecord | None:
        found = super().find(key)
        if self.broken:
            raise StorageUnavailable("the database can't be used now")
        return found


def test_a_proved_key_is_believed_while_the_store_can_not_be_asked() -> None:
    keys, clock = memory_keys(), Clock()
    proved, other = keys.create(role=Role.PREDICTOR), keys.create(role=Role.PREDICTOR)
    store = Broken(keys)
    authenticator = Authenticator(keys, clock=clock)
    authenticator.authenticate(proved.text)
    store.broken = True
    clock.now += LIFETIME
    for _ in range(10):
        assert authenticator.authenticate(proved.text).key == proved.record.id
    assert store.asked == 2, "every request waited for a store that can't be asked"
    with pytest.raises(StorageUnavailable):
        authenticator.authenticate(other.text)
    assert GRACE == 3600
    clock.now += GRACE - LIFETIME - 1
    assert authenticator.authenticate(proved.text).key == proved.record.id
    clock.now += 2
    with pytest.raises(StorageUnavailable):
        authenticator.authenticate(proved.text)


def test_a_key_that_was_revoked_is_refused_once_the_store_can_be_asked_again() -> None:
    keys, clock = memory_keys(), Clock()
    new, store = keys.create(role=Role.PREDICTOR), Broken(keys)
    authenticator = Authenticator(keys, clock=clock)
    authenticator.authenticate(new.text)
    store.broken = True
    clock.now += LIFETIME
    authenticator.authenticate(new.text)
    keys.revoke(new.record.id)
    store.broken = False
    clock.now += LIFETIME
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(new.text)
    store.broken = True
    with pytest.raises(StorageUnavailable):
        authenticator.authenticate(new.text)


def test_a_store_that_is_slow_holds_up_one_request_and_not_the_others_of_a_proved_key() -> None:
    keys, clock = memory_keys(), Clock()
    new = keys.create(role=Role.PREDICTOR)
    authenticator = Authenticator(keys, clock=clock)
    authenticator.authenticate(new.text)
    clock.now += LIFETIME
    find, asked = keys.store.find, list[str]()

    def slow(key: str) -> KeyRecord | None:
        asked.append(key)
        assert authenticator.authenticate(new.text).name == "predictor"  # as another thread would meanwhile
        clock.now += 10
        raise StorageUnavailable("no answer")

    keys.store.find = slow  # type: ignore[method-assign]
    assert authenticator.authenticate(new.text).name == "predictor"
    assert authenticator.authenticate(new.text).name == "predictor"
    assert len(asked) == 1  # the next one asks LIFETIME after the store was given up
    keys.store.find = find  # type: ignore[method-assign]
    keys.revoke(new.record.id)
    clock.now += LIFETIME
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(new.text)


@pytest.mark.parametrize(("away", "in_use"), [(72 * 3600.0, False), (LIFETIME + 2, False), (LIFETIME + 0.5, True)])
def test_a_key_that_lay_unused_is_believed_by_nobody_while_the_store_is_asked(away: float, in_use: bool) -> None:  # noqa: FBT001
    keys, clock = memory_keys(), Clock()
    new = keys.create(role=Role.ADMINISTRATOR)
    authenticator = Authenticator(keys, clock=clock)
    authenticator.authenticate(new.text)
    keys.revoke(new.record.id)
    clock.now += away
    find, others = keys.store.find, list[str]()

    def slow(key: str) -> KeyRecord | None:
        keys.store.find = find  # type: ignore[method-assign]
        try:
            others.append(authenticator.authenticate(new.text).name)  # as another thread would meanwhile
        except Unauthenticated:
            others.append("refused")
        return find(key)

    keys.store.find = slow  # type: ignore[method-assign]
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(new.text)
    assert others == ["administrator" if in_use else "refused"]


def test_no_key_is_believed_beyond_its_grace_while_a_store_that_is_away_is_asked() -> None:
    keys, clock = memory_keys(), Clock()
    new, store = keys.create(role=Role.PREDICTOR), Broken(keys)
    authenticator = Authenticator(keys, clock=clock)
    authenticator.authenticate(new.text)
    store.broken = True
    clock.now += GRACE - 1
    authenticator.authenticate(new.text)
    clock.now += LIFETIME
    refused = list[str]()

    def slow(key: str) -> KeyRecord | None:
        keys.store.find = store.find  # type: ignore[method-assign]
        with pytest.raises(StorageUnavailable):
            authenticator.authenticate(new.text)
        refused.append(key)
        return store.find(key)

    keys.store.find = slow  # type: ignore[method-assign]
    with pytest.raises(StorageUnavailable):
        authenticator.authenticate(new.text)
    assert refused == [new.record.id]


def test_a_wrong_secret_is_never_remembered_as_right() -> None:
    keys = memory_keys()
    right, other = keys.create(role=Role.READER).text, keys.create(role=Role.ADMINISTRATOR).text
    authenticator = Authenticator(keys)
    authenticator.authenticate(right)
    mixed = right[:18] + other[18:]
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            authenticator.authenticate(mixed)


def test_what_is_remembered_is_bounded() -> None:
    keys = memory_keys()
    texts = [keys.create(role=Role.READER).text for _ in range(CAPACITY + 1)]
    authenticator = Authenticator(keys)
    for text in texts:
        authenticator.authenticate(text)
    assert len(authenticator._proved) <= CAPACITY  # noqa: SLF001 - the bound is the claim


def test_the_first_administrator_key_is_given_out_exactly_once() -> None:
    keys = memory_keys()
    text = ensure_administrator_key(keys)
    assert text is not None
    principal = Authenticator(keys).authenticate(text)
    assert principal.role is Role.ADMINISTRATOR
    keys.revoke(principal.key)
    assert ensure_administrator_key(keys) is None


def test_a_home_with_lesser_keys_still_gets_its_administrator() -> None:
    keys = memory_keys()
    keys.create(role=Role.PREDICTOR)
    assert ensure_administrator_key(keys) is not None


def test_a_store_of_another_home_knows_no_key_of_this_one() -> None:
    keys, other = memory_keys(), memory_keys()
    new = keys.create(role=Role.READER)
    store: KeyStore = other.store
    store.add(new.record)
    with pytest.raises(Unauthenticated):
        Authenticator(other).authenticate(new.text)
