from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import obstore
import pytest

from carafe.errors import CorruptArtefact, InvalidSetting, MissingExtra, StorageUnavailable
from carafe.registry import client_obstore, open_registry
from carafe.registry.client_obstore import Bucket
from carafe.registry.store_cache import ArtefactCache
from carafe.registry.store_object import ObjectArtefacts
from carafe.settings import Settings
from carafe.testing.artefact_store import FILES, put, read
from own_s3 import OwnS3


class Machine:
    """A store over a bucket, and the folder in which this machine keeps its copies."""

    def __init__(self, url: str, folder: Path, *, grace: float = 0, most_bytes: int = 2**30) -> None:
        self.bucket = Bucket(url)
        self.kept = folder / "kept"
        cache = ArtefactCache(folder, most_bytes=most_bytes)
        self.store = ObjectArtefacts(self.bucket, cache, grace=timedelta(seconds=grace))

    def copies(self) -> set[str]:
        return {folder.name for folder in self.kept.iterdir()}


@pytest.fixture
def machine(s3: OwnS3, tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    """Return a function that adds a machine; all of a test share one bucket."""
    url, machines = s3.fresh(), list[Machine]()

    def another(**how: float) -> Machine:
        machines.append(Machine(url, tmp_path / f"machine{len(machines)}", **how))  # type: ignore[arg-type]
        return machines[-1]

    yield another
    for one in machines:
        one.store.close()


def test_what_is_uploaded_in_part_is_never_taken_and_collected_when_it_is_old(machine: Callable[..., Machine]) -> None:
    one, two = machine(), machine(grace=3600)
    artefact = put(one.store)
    one.bucket.delete([f"digests/{artefact}"])  # the last thing that is written
    with pytest.raises(CorruptArtefact, match="its files are gone"):
        two.store.fetch(artefact)
    assert one.store.survey().kept == frozenset()
    assert two.store.collect(frozenset) == frozenset()  # another machine may be uploading it
    assert one.store.collect(frozenset) == {artefact}
    assert one.bucket.list("kept/") == []


def test_what_was_kept_a_moment_ago_waits_for_its_row(machine: Callable[..., Machine]) -> None:
    one, two = machine(), machine(grace=3600)
    artefact = put(one.store)
    assert two.store.collect(frozenset) == frozenset()
    assert read(two.store.fetch(artefact)) == FILES


def test_nobody_who_stages_waits_while_a_collection_asks_the_store(
    machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, staged = machine(), list[bool]()
    artefact = put(one.store)

    def stage() -> None:
        with one.store.staging():
            pass

    def asked(*arguments: object, real: Callable[..., Any]) -> Any:  # noqa: ANN401 - as the real one
        thread = Thread(target=stage, daemon=True)
        thread.start()
        thread.join(3)
        staged.append(not thread.is_alive())
        return real(*arguments)

    for name in ("list", "delete"):
        monkeypatch.setattr(one.bucket, name, partial(asked, real=getattr(one.bucket, name)))
    assert one.store.collect(lambda: asked(real=frozenset[str])) == {artefact}
    assert len(staged) > 3
    assert all(staged)


def test_what_was_put_aside_is_kept_for_its_owner(machine: Callable[..., Machine]) -> None:
    one = machine()
    artefact = put(one.store)
    one.store.quarantine(artefact)
    assert one.store.collect(frozenset) == frozenset()
    assert len(one.bucket.list(f"kept/{artefact}/")) == len(FILES)


def test_the_publisher_does_not_fetch_what_it_has_just_uploaded(machine: Callable[..., Machine]) -> None:
    one = machine()
    artefact = put(one.store)
    one.bucket.delete([found.key for found in one.bucket.list(f"kept/{artefact}/")])
    assert read(one.store.fetch(artefact)) == FILES


@pytest.mark.parametrize("damage", ["changed", "missing", "extra", "unmarked", "linked"])
def test_a_damaged_copy_is_fetched_again_and_condemns_nothing(machine: Callable[..., Machine], damage: str) -> None:
    one, two = machine(), machine()
    artefact = put(one.store)
    folder = two.store.fetch(artefact)
    model = folder / "model.bin"
    if damage == "changed":
        model.write_bytes(b"\0" * model.stat().st_size)
    elif damage == "missing":
        model.unlink()
    elif damage == "extra":
        (folder / "more").touch()
    elif damage == "unmarked":
        (folder.parent / "mark.json").write_bytes(b"{")
    else:
        model.unlink()
        model.symlink_to("/etc/passwd")
    assert read(two.store.fetch(artefact)) == FILES  # the one from before is held all the while
    assert read(one.store.fetch(artefact)) == FILES


def test_damage_in_the_store_is_told_and_nothing_of_it_kept_here(machine: Callable[..., Machine]) -> None:
    one, two = machine(), machine()
    artefact = put(one.store)
    one.bucket.put(f"kept/{artefact}/model.bin", bytes(len(FILES["model.bin"])))
    with pytest.raises(CorruptArtefact, match=r"model\.bin: its content is not what"):
        two.store.fetch(artefact)
    assert two.copies() == set()
    one.bucket.delete([f"kept/{artefact}/model.bin"])
    with pytest.raises(CorruptArtefact, match=r"model\.bin: it is gone from the object store"):
        two.store.fetch(artefact)


@pytest.mark.parametrize("name", ["../../x", "a/b", "", ".hidden", "a\\u0000b"])
def test_a_list_of_files_that_leads_out_of_the_folder_is_refused(machine: Callable[..., Machine], name: str) -> None:
    one = machine()
    content = f'{{"format":1,"files":[{{"path":"{name}","sha256":"{"0" * 64}","size":1}}]}}'
    one.bucket.put(f"digests/{'0' * 32}", content.encode())
    with pytest.raises(CorruptArtefact, match="names what no artefact has"):
        one.store.fetch("0" * 32)


def test_the_copies_used_longest_ago_make_room_and_none_that_is_in_use(machine: Callable[..., Machine]) -> None:
    size = sum(map(len, FILES.values()))
    one, two = machine(), machine(most_bytes=int(2.5 * size))
    artefacts = [put(one.store) for _ in range(4)]
    held = two.store.fetch(artefacts[0])
    for number, artefact in enumerate(artefacts[1:3], 1):
        two.store.fetch(artefact)
        os.utime(two.kept / artefact, (number, number))  # long ago
    assert two.copies() == {artefacts[0], artefacts[2]}
    two.store.fetch(artefacts[3])
    assert two.copies() == {artefacts[0], artefacts[3]}  # the first is the oldest, but somebody has it in hand
    assert read(held) == FILES
    del held
    gc.collect()
    os.utime(two.kept / artefacts[0], (1, 1))
    two.store.fetch(artefacts[1])
    assert two.copies() == {artefacts[1], artefacts[3]}


def test_another_process_holds_its_copies_too(machine: Callable[..., Machine], tmp_path: Path, s3: OwnS3) -> None:
    del s3
    one = machine(most_bytes=1)
    artefact = put(one.store)
    ready, over = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        cache = ArtefactCache(tmp_path / "machine0", most_bytes=1)
        held = cache.find(artefact)
        os.write(ready[1], b"1" if held else b"0")
        os.read(over[0], 1)
        os._exit(0)
    assert os.read(ready[0], 1) == b"1"
    put(one.store)
    assert artefact in one.copies()
    os.write(over[1], b"1")
    assert os.waitpid(child, 0)[1] == 0
    put(one.store)
    assert artefact not in one.copies()


def test_without_the_store_copies_serve_and_the_rest_is_told(
    machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = machine(), machine()
    mine, other = put(one.store), put(two.store)

    def refused(*_: object, **__: object) -> None:
        raise obstore.exceptions.GenericError(
            "Generic S3 error: Error performing GET http://10.0.0.7/ - HTTP error: away"
        )

    for name in ("get", "put", "list", "delete", "copy"):
        monkeypatch.setattr(obstore, name, refused)
    assert read(one.store.fetch(mine)) == FILES
    for act in (
        lambda: one.store.fetch(other),
        lambda: put(one.store),
        one.store.survey,
        lambda: one.store.remove(mine),
    ):
        with pytest.raises(StorageUnavailable, match=r"object store can't be used now \(HTTP error: away\): check the"):
            act()
    monkeypatch.undo()
    assert read(one.store.fetch(other)) == FILES


def test_a_store_that_answers_nothing_is_given_up(s3: OwnS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_obstore, "_REQUEST", timedelta(seconds=0.5))
    monkeypatch.setattr(client_obstore, "_GIVE_UP", timedelta(seconds=1))
    one = Machine(s3.fresh(), tmp_path)
    artefact = put(one.store)
    s3.freeze()
    try:
        assert read(one.store.fetch(artefact)) == FILES
        with pytest.raises(StorageUnavailable, match="object store can't be used now"):
            put(one.store)
    finally:
        s3.go_on()
    assert read(one.store.fetch(put(one.store))) == FILES
    one.store.close()


def test_a_bucket_that_is_not_there_says_nothing_about_an_artefact(s3: OwnS3, tmp_path: Path) -> None:
    one = Machine(f"s3://nobody-made-this?{s3.parameters}", tmp_path)
    for act in (
        lambda: one.store.fetch("0" * 32),
        lambda: put(one.store),
        lambda: one.store.quarantine("0" * 32),
        one.store.survey,
    ):
        with pytest.raises(StorageUnavailable, match="no such bucket as CARAFE_ARTIFACTS_URL names"):
            act()


def test_a_forked_child_is_told_instead_of_waiting_for_ever(machine: Callable[..., Machine]) -> None:
    one = machine()
    artefact = put(one.store)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            one.store.remove(artefact)
        except StorageUnavailable as error:
            os.write(write_end, str(error).encode())
        os._exit(0)
    os.close(write_end)
    assert b"let each worker open the registry for itself" in os.read(read_end, 1000)
    assert os.waitpid(child, 0)[1] == 0


def test_a_large_file_goes_in_parts(machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_obstore, "PART", 5 * 1024**2)
    files = {"model.bin": os.urandom(12 * 1024**2)}
    one, two = machine(), machine()
    assert read(two.store.fetch(put(one.store, files))) == files


def test_a_parameter_that_means_nothing_is_named_without_the_secret() -> None:
    with pytest.raises(
        InvalidSetting, match="no such parameter as secret; there are access_key_id, endpoint"
    ) as caught:
        Bucket("s3://models?secret=s3cr3t")
    assert "s3cr3t" not in str(caught.value)


def test_credentials_are_shown_nowhere(machine: Callable[..., Machine], s3: OwnS3) -> None:
    one = machine()
    assert "s3cr3t" not in repr(one.bucket)
    assert "s3cr3t" not in repr(one.bucket._store)  # noqa: SLF001 - the library's own object
    assert "s3cr3t" not in repr(Settings(artifacts_url=f"s3://models?{s3.parameters}"))


def test_without_its_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, "carafe.registry.client_obstore")
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(MissingExtra, match=r"an object store needs obstore: pip install 'carafe-serve\[objectstore\]'"):
        open_registry(Settings(home=tmp_path, artifacts_url="s3://models"))
