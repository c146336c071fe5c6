"""Whose a shared place is, on a folder and on a real object store."""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import obstore
import pytest
from obstore.exceptions import GenericError

from carafe.errors import HomeNotEmpty, InvalidSetting, StorageUnavailable
from carafe.registry import Registry, open_registry
from carafe.registry.client_obstore import Bucket
from carafe.registry.owner import MARK, Ownership, Place
from carafe.registry.owner_disk import FolderPlace
from carafe.registry.owner_object import BucketPlace
from carafe.registry.store_disk import DiskArtefacts
from carafe.registry.store_owned import OwnedArtefacts
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.upkeep import back_up, restore
from carafe.upkeep.checkup import Order, State, examine
from own_s3 import OwnS3
from sealed import publish


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place that registries share by mistake, and what can happen to it."""

    folder: Path
    url: str
    place: Place
    opened: list[Registry] = field(default_factory=list)

    def settings(self, home: str, *, url: str | None = None) -> Settings:
        return Settings(home=self.folder / home, artifacts_url=url or self.url)

    def registry(self, home: str, *, url: str | None = None) -> Registry:
        self.opened.append(open_registry(self.settings(home, url=url)))
        return self.opened[-1]

    def elsewhere(self) -> str:
        """Return the URL of another place that is empty."""
        parts = urlsplit(self.url)
        return parts._replace(path=f"{parts.path}-{secrets.token_hex(4)}").geturl()

    def vanish(self) -> Callable[[], None]:
        """Have everything vanish, as when a share is unmounted; return what brings it back."""
        if isinstance(self.place, FolderPlace):
            root = Path(urlsplit(self.url).path)
            away = root.rename(root.with_name("unmounted"))
            root.mkdir()

            def mount() -> None:
                root.rmdir()
                away.rename(root)

            return mount
        bucket = Bucket(self.url)
        held = {key: bucket.get(key) for key in self.everything()}
        bucket.delete(list(held))

        def fill() -> None:
            for key, content in held.items():
                bucket.put(key, content or b"")

        return fill

    def everything(self) -> set[str]:
        """Return the names of all that is there."""
        if isinstance(self.place, FolderPlace):
            root = Path(urlsplit(self.url).path)
            return {str(path.relative_to(root)) for path in root.rglob("*")}
        bucket = Bucket(self.url)
        return {found["path"] for some in obstore.list(bucket._store) for found in some}  # noqa: SLF001 - all of it


@pytest.fixture(params=["folder", "bucket"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    if request.param == "folder":
        root = tmp_path / "shared"
        found = Site(folder=tmp_path, url=f"file://{root}", place=FolderPlace(root))
    else:
        s3: OwnS3 = request.getfixturevalue("s3")
        url = s3.fresh()
        found = Site(folder=tmp_path, url=url, place=BucketPlace(Bucket(url)))
    yield found
    for registry in found.opened:
        registry.close()


def test_two_registries_on_one_place_do_not_collect_each_others_versions(site: Site) -> None:
    one, two = site.registry("one"), site.registry("two")  # before anything is there
    assert site.place.owner() is None
    published = publish(one)
    for act in (lambda: publish(two), two.collect_orphans, lambda: two.artefacts.remove(published.artefact)):
        with pytest.raises(StorageUnavailable, match="another registry keeps its files in this place"):
            act()
    two.tidy()
    with pytest.raises(InvalidSetting, match=r"CARAFE_ARTIFACTS_URL.*another registry.*name an empty place"):
        site.registry("two")
    assert publish(one).number == 2
    assert one.collect_orphans() == 0
    assert one.fetch(published).folder.is_dir()
    assert not two.models().items


def test_the_mark_is_written_with_the_first_files_and_stays(site: Site) -> None:
    one = site.registry("one")
    assert one.collect_orphans() == 0
    assert site.place.owner() is None
    version = publish(one)
    mark = site.place.owner()
    assert mark
    assert mark != one.key.hex()
    one.delete(version.name, publish(one).number)
    assert site.registry("one").versions().total == 1
    assert site.place.owner() == mark


def test_however_many_claim_a_place_at_once_one_has_it(site: Site) -> None:
    owners = [f"{number:064x}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(site.place.claim, owners))
    found = site.place.owner()
    assert found in owners
    site.place.claim("f" * 64)
    assert site.place.owner() == found
    site.place.release()
    site.place.release()
    assert site.place.owner() is None


def test_whoever_looks_while_the_first_version_is_published_elsewhere_finds_the_place_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, real = FolderPlace(tmp_path), FolderPlace.owner

    def owner(_place: FolderPlace) -> str | None:
        monkeypatch.setattr(FolderPlace, "owner", real)
        found = real(place)
        place.claim("a" * 64)  # by another machine, between two looks
        (tmp_path / "kept" / ("0" * 32)).mkdir(parents=True)
        return found

    monkeypatch.setattr(FolderPlace, "owner", owner)
    assert Ownership(place, owner="a" * 64, known=frozenset).look()
    with pytest.raises(InvalidSetting, match="another registry"):
        Ownership(place, owner="b" * 64, known=frozenset).look()


def test_where_nothing_is_mounted_nothing_is_made(site: Site) -> None:
    with closing(open_registry(site.settings("one"))) as one:
        version = publish(one)
    bring_back = site.vanish()
    before = site.everything()
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match=r"holds nothing that the database knows: the folder is not mount"):
            site.registry("one")
    with pytest.raises(StorageUnavailable, match=r"correct the setting"):
        site.registry("one", url=site.elsewhere())
    assert site.everything() == before
    (problem,) = (found for found in examine(Order(settings=site.settings("one"))) if found.state is State.PROBLEM)
    assert problem.check == "store"
    assert "is not mounted" in problem.says
    assert site.everything() == before
    bring_back()
    assert site.registry("one").fetch(version).folder.is_dir()


def test_a_place_that_vanishes_in_use_takes_nothing_and_condemns_nothing(site: Site) -> None:
    one = site.registry("one")
    version = publish(one)
    bring_back = site.vanish()
    before = site.everything()
    if isinstance(site.place, BucketPlace):
        shutil.rmtree(site.folder / "one" / "cache" / "artefacts" / "kept" / version.artefact)
    for act in (lambda: one.fetch(version), lambda: publish(one), one.collect_orphans):
        with pytest.raises(StorageUnavailable, match="is not mounted"):
            act()
    one.tidy()
    assert site.everything() == before
    bring_back()
    assert publish(one).number == 2
    assert one.fetch(version).folder.is_dir()


def test_whoever_still_runs_can_delete_the_versions_whose_files_are_lost(site: Site) -> None:
    one = site.registry("one")
    version = publish(one)
    site.vanish()
    with pytest.raises(StorageUnavailable, match=r"from a backup only; a service that still runs can delete"):
        publish(one)
    one.drop_alias(version.name, "champion")
    one.delete(version.name, version.number)
    assert publish(site.registry("one")).number == 2


def test_a_place_from_before_there_were_marks_is_marked_where_the_database_knows_its_files(site: Site) -> None:
    with closing(open_registry(site.settings("one"))) as one:
        version = publish(one)
    mark = site.place.owner()
    site.place.release()
    assert site.registry("one").fetch(version).folder.is_dir()
    assert site.place.owner() == mark


def test_one_damaged_version_that_was_put_aside_is_enough_to_know_a_place(site: Site) -> None:
    with closing(open_registry(site.settings("one"))) as one:
        one.artefacts.quarantine(publish(one).artefact)
    site.place.release()
    assert publish(site.registry("one")).number == 2


def test_a_place_from_before_there_were_marks_is_nobody_elses(site: Site) -> None:
    with closing(open_registry(site.settings("one"))) as one:
        version = publish(one)
    site.place.release()
    with pytest.raises(InvalidSetting, match="the database knows none of them: name an empty place"):
        site.registry("new")
    publish(site.registry("other", url=site.elsewhere()))
    with pytest.raises(StorageUnavailable, match="this is another folder, bucket or prefix"):
        site.registry("other")
    assert site.place.owner() is None
    assert site.registry("one").fetch(version).folder.is_dir()


def test_a_copy_of_a_registry_with_its_secret_does_not_collect_in_the_place_of_the_first(site: Site) -> None:
    one = site.registry("one")
    publish(one)
    back_up(site.settings("one"), site.folder / "backup")
    later = publish(one)
    restore(site.settings("copy", url=site.elsewhere()), site.folder / "backup")
    copy = site.registry("copy")  # by a slip of the pen
    for act in (lambda: publish(copy), copy.collect_orphans):
        with pytest.raises(StorageUnavailable, match="holds nothing that the database knows"):
            act()
    copy.tidy()
    assert one.fetch(later).folder.is_dir()
    assert one.versions().total == copy.versions().total + 1


def test_a_restoration_marks_its_place_and_one_that_is_refused_leaves_no_mark(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_registry(Settings(home=site.folder / "first"))) as first:
        publish(first)
    back_up(Settings(home=site.folder / "first"), site.folder / "backup")

    def not_empty(*_arguments: object, **_named: object) -> None:
        raise HomeNotEmpty("somebody was faster")

    with monkeypatch.context() as patched:
        patched.setattr("carafe.upkeep.restoration.fill", not_empty)
        with pytest.raises(HomeNotEmpty):
            restore(site.settings("restored"), site.folder / "backup")
    assert site.place.owner() is None
    assert site.place.held() == frozenset()
    restore(site.settings("restored"), site.folder / "backup")
    assert site.place.owner()
    assert publish(site.registry("restored")).number == 2
    with pytest.raises(HomeNotEmpty):
        restore(site.settings("again"), site.folder / "backup")


def test_a_restoration_into_the_place_of_another_registry_is_refused(site: Site) -> None:
    with closing(open_registry(Settings(home=site.folder / "first"))) as first:
        publish(first)
    back_up(Settings(home=site.folder / "first"), site.folder / "backup")
    one = site.registry("one")
    publish(one, "boats")
    with pytest.raises(HomeNotEmpty):
        restore(site.settings("restored"), site.folder / "backup")
    one.drop_alias("boats", "champion")
    one.delete("boats", 1)
    with pytest.raises(InvalidSetting, match="another registry keeps its files"):
        restore(site.settings("again"), site.folder / "backup")
    assert site.place.held() == frozenset()
    with closing(open_registry(Settings(home=site.folder / "again"))) as again:  # it was not left closed
        assert publish(again).number == 1
    assert publish(one, "boats").number == 2


def test_doctor_says_whose_the_place_is(site: Site) -> None:
    def said() -> str:
        findings = examine(Order(settings=site.settings("one")))
        return next(finding.says for finding in findings if finding.check == "store")

    one = site.registry("one")
    assert said() == ("it answers, is marked as this registry's with the first files, and has the files of 0 versions")
    publish(one)
    assert said() == "it answers, bears this registry's mark, and has the files of 1 version"


def test_a_homes_own_folder_needs_no_mark_and_takes_no_others(tmp_path: Path) -> None:
    mine = Settings(home=tmp_path / "mine")
    with closing(open_registry(mine)) as registry:
        publish(registry)
        assert not (mine.home / "artefacts" / MARK).exists()
        assert type(registry.artefacts) is DiskArtefacts
    theirs = Settings(home=tmp_path / "theirs", artifacts_url=f"file://{mine.home}/artefacts")
    with pytest.raises(InvalidSetting, match="the database knows none of them"):
        open_registry(theirs)
    fresh = Settings(home=tmp_path / "fresh")
    open_registry(fresh).close()
    theirs = Settings(home=tmp_path / "theirs", artifacts_url=f"file://{fresh.home}/artefacts")
    with closing(open_registry(theirs)) as registry:
        publish(registry)
    with pytest.raises(InvalidSetting, match="another registry"):
        open_registry(fresh)


def test_a_home_goes_on_where_its_own_folder_is_named_as_the_place(tmp_path: Path) -> None:
    mine = Settings(home=tmp_path / "mine")
    with closing(open_registry(mine)) as registry:
        publish(registry)
    named = Settings(home=mine.home, artifacts_url=f"file://{mine.home}/artefacts")
    for settings in (named, mine):
        with closing(open_registry(settings)) as registry:
            assert registry.fetch(registry.resolve(ModelRef.parse("houses"))).folder.is_dir()


def test_a_disk_that_is_full_leaves_no_half_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = FolderPlace(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("carafe.registry.owner_disk.os.fsync", full)
        with pytest.raises(StorageUnavailable, match="No space left"):
            place.claim("a" * 64)
    assert place.owner() is None
    assert not list((tmp_path / "staging").iterdir())
    place.claim("b" * 64)
    assert place.owner() == "b" * 64
    assert (tmp_path / MARK).stat().st_mode & 0o777 == 0o600


def test_a_store_that_knows_no_conditions_is_marked_too(s3: OwnS3, monkeypatch: pytest.MonkeyPatch) -> None:
    place, real = BucketPlace(Bucket(s3.fresh())), obstore.put

    def unconditional(*arguments: object, mode: str | None = None, **named: object) -> object:
        if mode is not None:
            raise GenericError("501 Not Implemented: <Code>NotImplemented</Code>")
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("carafe.registry.client_obstore.obstore.put", unconditional)
    place.claim("a" * 64)
    place.claim("b" * 64)
    assert place.owner() == "a" * 64


def test_a_store_that_is_away_when_a_registry_is_opened_is_asked_later(s3: OwnS3, tmp_path: Path) -> None:
    away = Settings(home=tmp_path, artifacts_url=f"s3://nobody-made-this?{s3.parameters}")
    with closing(open_registry(away)) as registry:
        assert type(registry.artefacts) is OwnedArtefacts
        with pytest.raises(StorageUnavailable, match="no such bucket"):
            publish(registry)
