"""What every ArtefactStore must do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from carafe.errors import CorruptArtefact
from carafe.registry.store import ArtefactStore, Survey
from carafe.testing.raising import refused

MakeArtefacts = Callable[[], ArtefactStore]
MakeShared = Callable[[], tuple[ArtefactStore, ArtefactStore]]
"""Makes two stores over one fresh, empty place, as two machines have them."""

FILES: Mapping[str, bytes] = {"manifest.json": b"{}\n", "model.bin": bytes(range(256)) * 1000, "empty": b""}


def put(store: ArtefactStore, files: Mapping[str, bytes] = FILES) -> str:
    """Stage and keep some files; return the artefact's name."""
    with store.staging() as folder:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        with store.keep(folder) as artefact:
            return artefact


def read(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def what_was_kept_is_fetched_byte_for_byte(make: MakeArtefacts) -> None:
    """Files come back under their names, as often as they are asked for."""
    store = make()
    artefact = put(store)
    for _ in range(2):
        assert read(store.fetch(artefact)) == FILES


def artefacts_are_strangers(make: MakeArtefacts) -> None:
    """Equal files kept twice are two artefacts; removing one leaves the other."""
    store = make()
    one, two = put(store), put(store)
    assert one != two
    store.remove(one)
    refused(CorruptArtefact, lambda: store.fetch(one), "gone")
    assert read(store.fetch(two)) == FILES


def a_staging_folder_is_private_and_passing(make: MakeArtefacts) -> None:
    """It is empty, closed to other accounts, another one each time, and gone afterwards, also after an error."""
    store = make()
    with store.staging() as one, store.staging() as two:
        assert one != two
        assert not list(one.iterdir())
        assert one.stat().st_mode & 0o777 == 0o700
        (one / "left").write_bytes(b"behind")
    assert not one.exists()
    seen: list[Path] = []

    def fail() -> None:
        with store.staging() as folder:
            seen.append(folder)
            raise KeyError

    refused(KeyError, fail)
    assert not seen[0].exists()


def links_and_folders_are_refused(make: MakeArtefacts) -> None:
    """Only plain files are kept: no symbolic link, no second name of another file, no folder, no pipe."""
    store = make()
    for spoil in (_symlink, _hardlink, _folder, _pipe):
        with store.staging() as outside, store.staging() as folder:
            (outside / "secret").write_bytes(b"not yours")
            (folder / "manifest.json").write_bytes(b"{}")
            spoil(folder / "strange", outside / "secret")
            refused(CorruptArtefact, lambda folder=folder: store.keep(folder).__enter__(), "strange", "plain file")  # type: ignore[misc]
    assert store.collect(frozenset) == frozenset()


def what_is_not_there_is_said_to_be_gone(make: MakeArtefacts) -> None:
    """A name that was never drawn, whatever it looks like, leads nowhere."""
    store = make()
    for artefact in ("0" * 32, "", ".", "..", "../kept", "/etc", "a\x00b", "x" * 300):
        refused(CorruptArtefact, lambda artefact=artefact: store.fetch(artefact), "its files")  # type: ignore[misc]


def removing_and_quarantining_what_is_gone_does_nothing(make: MakeArtefacts) -> None:
    """Two processes may do the same at once; the second finds it done."""
    store = make()
    artefact = put(store)
    for _ in range(2):
        store.quarantine(artefact)
        refused(CorruptArtefact, lambda: store.fetch(artefact), "put aside")
    for _ in range(2):
        store.remove(artefact)
        refused(CorruptArtefact, lambda: store.fetch(artefact), "gone")
    store.quarantine(artefact)
    refused(CorruptArtefact, lambda: store.fetch(artefact), "gone")


def only_orphans_are_collected(make: MakeArtefacts) -> None:
    """What is referenced stays, what is not goes, and its name is returned."""
    store = make()
    mine, orphan = put(store), put(store)
    assert store.collect(lambda: frozenset({mine})) == {orphan}
    assert read(store.fetch(mine)) == FILES
    refused(CorruptArtefact, lambda: store.fetch(orphan), "gone")
    assert store.collect(lambda: frozenset({mine})) == frozenset()


def what_is_older_than_asked_is_not_collected(make: MakeArtefacts) -> None:
    """A database that was lost and begun anew knows nothing of what came before it: that is no orphan of its."""
    store = make()
    artefact = put(store)
    later, earlier = (datetime.now(UTC) + timedelta(minutes=sign) for sign in (1, -1))
    assert store.collect(frozenset, after=later) == frozenset()
    assert store.collect(frozenset, after=earlier) == {artefact}


def a_survey_tells_what_is_kept_aside_and_staged(make: MakeArtefacts) -> None:
    """Names of artefacts, and a count of staging folders."""
    store = make()
    kept, aside = put(store), put(store)
    store.quarantine(aside)
    assert store.survey() == Survey(kept=frozenset({kept}), aside=frozenset({aside}), staging=0)
    with store.staging():
        assert store.survey().staging == 1


def nothing_is_collected_while_a_name_is_written_down(make: MakeArtefacts) -> None:
    """Between keep and the row that refers to it, and while staging, the collector leaves everything alone."""
    store = make()
    with store.staging() as folder:
        (folder / "manifest.json").write_bytes(b"{}")
        assert store.collect(frozenset) == frozenset()
        with store.keep(folder) as artefact:
            assert store.collect(frozenset) == frozenset()
    assert read(store.fetch(artefact)) == {"manifest.json": b"{}"}
    assert store.collect(frozenset) == {artefact}


def a_failed_row_leaves_an_orphan_at_most(make: MakeArtefacts) -> None:
    """When writing the name down fails, its files stay until they are collected: the row may have been written."""
    store = make()

    def fail() -> None:
        with store.staging() as folder:
            (folder / "manifest.json").write_bytes(b"{}")
            with store.keep(folder):
                raise KeyError

    refused(KeyError, fail)
    assert len(store.collect(frozenset)) == 1


def threads_keep_at_once(make: MakeArtefacts) -> None:
    """However many keep at the same time, each gets its own files back."""
    store = make()

    def mine(number: int) -> bool:
        files = {"number": str(number).encode()}
        return read(store.fetch(put(store, files))) == files

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(mine, range(32)))


def what_one_machine_keeps_another_fetches(make: MakeShared) -> None:
    """Files come back byte for byte on both, from the moment on in which the name is known."""
    one, two = make()
    with one.staging() as folder:
        for name, content in FILES.items():
            (folder / name).write_bytes(content)
        with one.keep(folder) as artefact:
            assert read(two.fetch(artefact)) == FILES
    assert read(one.fetch(artefact)) == FILES
    assert one.survey().kept == two.survey().kept == {artefact}


def what_one_machine_removes_is_gone_for_the_other(make: MakeShared) -> None:
    """Also where the other one has fetched it before; and what was put aside is so for both."""
    one, two = make()
    removed, aside = put(one), put(one)
    assert read(two.fetch(removed)) == read(two.fetch(aside)) == FILES
    one.remove(removed)
    one.quarantine(aside)
    refused(CorruptArtefact, lambda: two.fetch(removed), "gone")
    refused(CorruptArtefact, lambda: two.fetch(aside), "put aside")


def machines_keep_at_once(make: MakeShared) -> None:
    """Threads of both keep at the same time; each fetches what the other one kept."""
    one, two = make()

    def crossed(number: int) -> bool:
        files = {"number": str(number).encode()}
        mine, theirs = (one, two) if number % 2 else (two, one)
        return read(theirs.fetch(put(mine, files))) == files

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(crossed, range(16)))


def _symlink(entry: Path, target: Path) -> None:
    entry.symlink_to(target)


def _hardlink(entry: Path, target: Path) -> None:
    entry.hardlink_to(target)


def _folder(entry: Path, _target: Path) -> None:
    entry.mkdir()


def _pipe(entry: Path, _target: Path) -> None:
    os.mkfifo(entry)


ARTEFACT_CHECKS: tuple[Callable[[MakeArtefacts], None], ...] = (
    what_was_kept_is_fetched_byte_for_byte,
    artefacts_are_strangers,
    a_staging_folder_is_private_and_passing,
    links_and_folders_are_refused,
    what_is_not_there_is_said_to_be_gone,
    removing_and_quarantining_what_is_gone_does_nothing,
    only_orphans_are_collected,
    what_is_older_than_asked_is_not_collected,
    a_survey_tells_what_is_kept_aside_and_staged,
    nothing_is_collected_while_a_name_is_written_down,
    a_failed_row_leaves_an_orphan_at_most,
    threads_keep_at_once,
)

SHARED_CHECKS: tuple[Callable[[MakeShared], None], ...] = (
    what_one_machine_keeps_another_fetches,
    what_one_machine_removes_is_gone_for_the_other,
    machines_keep_at_once,
)


def check_shared_artefacts(make: MakeShared) -> None:
    """Run every check of a store that several machines share, each on a fresh place."""
    for check in SHARED_CHECKS:
        check(make)


def check_artefact_store(make: MakeArtefacts) -> None:
    """Run every check, each on a fresh store; raise AssertionError at the first broken promise."""
    for check in ARTEFACT_CHECKS:
        check(make)
