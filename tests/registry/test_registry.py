from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import msgspec
import pytest

from carafe.errors import (
    AliasNotFound,
    CorruptArtefact,
    InvalidName,
    InvalidTraffic,
    ModelNotFound,
    NoDefaultModel,
    StorageUnavailable,
    VersionInUse,
    VersionNotFound,
)
from carafe.models.artefact import load_model
from carafe.models.manifest import Metric
from carafe.registry import Promotion, Query, Registry, Share, Traffic, open_registry
from carafe.registry.store_disk import DiskArtefacts
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.testing.metadata_examples import example_manifest
from sealed import publish, seal_cheaply, seal_really

BAD_NAMES = [
    "",
    ".",
    "..",
    "a/b",
    "../a",
    "/etc/passwd",
    "a..b",
    "A",
    "é",
    "a\x00",
    "a\n",
    "-a",
    "a" * 65,
    "a@1",
    "%2e%2e",
]


def ref(text: str) -> ModelRef:
    return ModelRef.parse(text)


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]


# --- publishing and finding ---


def test_what_is_published_is_found_fetched_and_answers(registry: Registry) -> None:
    with registry.staging() as folder:
        seal_really(folder, key=registry.key, slope=3.0)
        published = registry.publish(name="line", staged=folder)
    found = registry.resolve(ref("line"))
    assert found == published
    assert (found.number, found.aliases, str(found)) == (1, ("champion",), "line@1")
    assert load_model(registry.fetch(found)).signature == found.manifest.signature


def test_only_the_first_version_becomes_champion_unasked(registry: Registry) -> None:
    first, second = publish(registry), publish(registry)
    third = publish(registry, promote=Promotion.ALWAYS)
    assert [version.aliases for version in (first, second, third)] == [("champion",), (), ("champion",)]
    assert first.verdict == "champion: the model's first version"
    assert second.verdict == "not champion: promotion was not asked for"
    assert third.verdict == "champion: asked for at publication"
    assert registry.resolve(ref("houses")).number == 3


def test_a_folder_that_was_sealed_elsewhere_or_changed_is_not_published(registry: Registry) -> None:
    with registry.staging() as folder:
        seal_cheaply(folder, key=b"another home")
        with pytest.raises(CorruptArtefact, match=r"manifest\.sig: not this home's signature"):
            registry.publish(name="houses", staged=folder)
    with registry.staging() as folder:
        seal_cheaply(folder, key=registry.key)
        (folder / "model.skops").write_bytes(b"changed")
        with pytest.raises(CorruptArtefact, match=r"model\.skops"):
            registry.publish(name="houses", staged=folder)
    assert registry.models().total == 0
    assert registry.generation() == 0


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_could_leave_the_store_is_refused_everywhere(registry: Registry, name: str) -> None:
    publish(registry)
    with registry.staging() as folder:
        seal_cheaply(folder, key=registry.key)
        for act in (
            lambda: registry.publish(name=name, staged=folder),
            lambda: registry.resolve(ModelRef(name=name, version=1)),
            lambda: registry.resolve(ModelRef(name="houses", alias=name or "/")),
            lambda: registry.model(name),
            lambda: registry.versions(name=name),
            lambda: registry.promote(ModelRef(name=name, version=1)),
            lambda: registry.promote(ref("houses@1"), alias=name),
            lambda: registry.drop_alias(name, "champion"),
            lambda: registry.drop_alias("houses", name),
            lambda: registry.delete(name, 1),
            lambda: registry.import_(folder / "manifest.json", name),
        ):
            with pytest.raises(InvalidName, match="use 1 to 64 lower-case letters"):
                act()


def test_an_alias_that_would_read_as_a_version_number_is_refused(registry: Registry) -> None:
    publish(registry)
    with pytest.raises(InvalidName, match="a number alone is a version"):
        registry.promote(ref("houses@1"), alias="2")


@pytest.mark.parametrize("number", [0, -1, 10**9, 2**63, 10**40])
def test_a_number_that_no_version_can_have_is_not_found(registry: Registry, number: int) -> None:
    publish(registry)
    for act in (
        lambda: registry.resolve(ModelRef(name="houses", version=number)),
        lambda: registry.promote(ModelRef(name="houses", version=number)),
        lambda: registry.delete("houses", number),
    ):
        with pytest.raises(VersionNotFound, match="numbers go from 1 to 999999999"):
            act()


def test_the_default_is_the_only_model_or_the_chosen_one(registry: Registry) -> None:
    with pytest.raises(NoDefaultModel, match=r"no model yet: publish one"):
        registry.default()
    publish(registry, "houses")
    assert registry.default() == ref("houses@champion")
    publish(registry, "iris")
    with pytest.raises(NoDefaultModel, match=r"several models \(houses, iris\) and no default: name one"):
        registry.default()
    assert registry.default("iris") == ref("iris@champion")
    assert registry.default("iris@1") == ref("iris@1")
    with pytest.raises(InvalidName):
        registry.default("../iris")


def test_of_many_models_the_error_names_ten(registry: Registry) -> None:
    for number in range(12):
        publish(registry, f"m{number:02}")
    with pytest.raises(NoDefaultModel, match=r"m00, m01, .*m09, \.\.\.\)"):
        registry.default()


def test_lists_are_in_pages(registry: Registry) -> None:
    for name in ("b", "a", "b"):
        publish(registry, name)
    assert [model.name for model in registry.models().items] == ["a", "b"]
    assert [str(version) for version in registry.versions(Query(size=1, page=2), name="b").items] == ["b@2"]
    assert registry.versions().total == 3
    assert registry.model("b").latest == 2


# --- promoting and deleting ---


def test_an_alias_follows_the_version_that_another_points_at_now(registry: Registry) -> None:
    publish(registry)
    publish(registry)
    registry.promote(ref("houses@2"), alias="staging")
    assert registry.resolve(ref("houses@2")).aliases == ("staging",)
    registry.promote(ref("houses@staging"))
    assert registry.resolve(ref("houses@2")).aliases == ("champion", "staging")
    registry.drop_alias("houses", "staging")
    with pytest.raises(AliasNotFound, match=r"no alias 'staging': it has champion"):
        registry.resolve(ref("houses@staging"))


def test_a_deleted_version_is_gone_with_its_files_and_its_number(registry: Registry) -> None:
    publish(registry)
    gone = publish(registry)
    folder = registry.fetch(gone).folder
    registry.delete("houses", 2)
    assert not folder.exists()
    with pytest.raises(VersionNotFound, match="houses has no version 2: it has 1"):
        registry.fetch(gone)
    with pytest.raises(VersionNotFound):
        registry.delete("houses", 2)
    assert publish(registry).number == 3


def test_the_latest_of_many_versions_are_named_the_lowest_first(registry: Registry) -> None:
    for _ in range(12):
        publish(registry)
    with pytest.raises(VersionNotFound, match=r"no version 99: it has \.\.\., 3, 4, 5, 6, 7, 8, 9, 10, 11, 12$"):
        registry.resolve(ref("houses@99"))


def test_what_follows_deleted_versions_is_called_the_only_one_not_the_first(registry: Registry) -> None:
    publish(registry)
    registry.drop_alias("houses", "champion")
    registry.delete("houses", 1)
    assert publish(registry).verdict == "champion: the model's only version"


def test_the_champion_is_not_deleted(registry: Registry) -> None:
    publish(registry)
    with pytest.raises(VersionInUse, match="houses@1 is champion: promote another version first, or delete the alias"):
        registry.delete("houses", 1)
    assert registry.fetch(registry.resolve(ref("houses@1"))).folder.exists()


def test_what_answers_a_part_or_only_shadows_is_not_deleted_and_the_refusal_says_which(registry: Registry) -> None:
    for _ in range(3):
        publish(registry)
    shares = (Share(version=1, percent=95), Share(version=2, percent=5))
    registry.direct("houses", "champion", Traffic(shares=shares, shadows=(3,)))
    for number, how in ((2, "champion 5 %"), (3, "champion shadow")):
        told = f"houses@{number} answers or shadows: {how}: promote another version or share without this one first"
        with pytest.raises(VersionInUse, match=f"^{told}, or delete the alias champion$"):
            registry.delete("houses", number)


def test_a_field_that_no_answering_version_takes_keeps_nobody_and_is_refused(registry: Registry) -> None:
    publish(registry)
    publish(registry)
    shares = (Share(version=1, percent=95), Share(version=2, percent=5))
    with pytest.raises(InvalidTraffic, match=r"sticky: none of the versions .* 'grösse': did you mean größe\?"):
        registry.direct("houses", "champion", Traffic(shares=shares, sticky="field:grösse"))
    with pytest.raises(InvalidTraffic, match="'zip': they take größe"):
        registry.direct("houses", "champion", Traffic(shares=shares, sticky="field:zip"))
    assert registry.alias("houses").traffic == Traffic.to(1)
    registry.direct("houses", "champion", Traffic(shares=shares, sticky="field:größe"))
    assert registry.alias("houses").traffic.field == "größe"


def test_a_model_whose_name_is_near_no_other_is_told_where_the_names_are(registry: Registry) -> None:
    with pytest.raises(ModelNotFound, match=r"there is no model 'nosuch': the list of models has .*`carafe models`"):
        registry.resolve(ref("nosuch"))


def test_every_change_is_seen_by_whoever_watches_the_generation(registry: Registry) -> None:
    seen = [registry.generation()]
    for change in (
        lambda: publish(registry),
        lambda: publish(registry),
        lambda: registry.promote(ref("houses@2")),
        lambda: registry.delete("houses", 1),
        lambda: registry.drop_alias("houses", "champion"),
    ):
        change()
        seen.append(registry.generation())
    assert seen == sorted(set(seen))


def test_a_model_that_is_not_there_is_named_with_the_nearest(registry: Registry) -> None:
    publish(registry, "houses")
    for act in (
        lambda: registry.resolve(ref("house")),
        lambda: registry.model("house"),
        lambda: registry.promote(ref("house@1")),
        lambda: registry.delete("house", 1),
        lambda: registry.drop_alias("house", "champion"),
        lambda: registry.versions(name="house"),
    ):
        with pytest.raises(ModelNotFound, match="no model 'house': did you mean houses"):
            act()


# --- what is kept, and what damages it ---


def test_files_and_folders_are_closed_to_other_accounts_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        registry = open_registry(Settings(home=tmp_path / "home"))
        publish(registry)
        for path in [tmp_path / "home", *(tmp_path / "home").rglob("*")]:
            expected = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == expected, path
        registry.close()
    finally:
        os.umask(before)


@pytest.mark.parametrize("file", ["manifest.json", "manifest.sig", "model.skops"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "append", "remove", "empty", "symlink", "folder"])
def test_a_damaged_file_is_found_and_put_aside(registry: Registry, file: str, damage: str) -> None:
    good, bad = publish(registry), publish(registry)
    folder = registry.fetch(bad).folder
    spoil(folder / file, damage)
    with pytest.raises(CorruptArtefact, match=r"houses@2: .*; publish or import it again") as first:
        registry.fetch(bad)
    assert str(folder) not in str(first.value)
    with pytest.raises(CorruptArtefact, match=r"houses@2: its files were damaged and put aside"):
        registry.fetch(bad)
    assert registry.fetch(good).folder.exists()
    assert registry.resolve(ref("houses@2")) == bad


def spoil(file: Path, damage: str) -> None:
    content = file.read_bytes()
    if damage == "flip":
        file.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif damage == "truncate":
        file.write_bytes(content[:-1])
    elif damage == "append":
        file.write_bytes(content + b"\n")
    elif damage == "empty":
        file.write_bytes(b"")
    else:
        file.unlink()
        if damage == "symlink":
            file.symlink_to("/etc/hostname")
        elif damage == "folder":
            file.mkdir()


def test_a_file_that_was_added_is_found(registry: Registry) -> None:
    version = publish(registry)
    (registry.fetch(version).folder / "extra.py").write_bytes(b"import os")
    with pytest.raises(CorruptArtefact, match=r"extra\.py"):
        registry.fetch(version)


def test_another_version_of_the_same_home_in_its_place_is_found(on_disk: Registry) -> None:
    one = publish(on_disk, manifest=example_manifest(score=0.1))
    two = publish(on_disk, manifest=example_manifest(score=0.2))
    folder = on_disk.fetch(two).folder
    for file in on_disk.fetch(one).folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(CorruptArtefact, match="not the one that was published as this version"):
        on_disk.fetch(two)


def test_files_that_were_put_aside_can_be_looked_at_until_the_version_is_deleted(
    on_disk: Registry, tmp_path: Path
) -> None:
    publish(on_disk)
    bad = publish(on_disk)
    (on_disk.fetch(bad).folder / "model.skops").write_bytes(b"damaged")
    with pytest.raises(CorruptArtefact):
        on_disk.fetch(bad)
    aside = tmp_path / "home" / "artefacts" / "quarantine" / bad.artefact
    assert (aside / "model.skops").read_bytes() == b"damaged"
    on_disk.delete("houses", bad.number)
    assert not aside.exists()


def test_what_a_crash_left_behind_is_collected_and_nothing_else(on_disk: Registry, tmp_path: Path) -> None:
    version = publish(on_disk)
    artefacts = tmp_path / "home" / "artefacts"
    for orphan in (artefacts / "kept" / ("0" * 32), artefacts / "staging" / "left"):
        orphan.mkdir()
        (orphan / "model.skops").write_bytes(b"x")
    assert on_disk.collect_orphans() == 1
    assert on_disk.collect_orphans() == 0
    assert sorted(path.parent.name for path in files_under(artefacts)) == [version.artefact] * 3


def test_abandoned_staging_folders_are_gone_at_the_next_publication(on_disk: Registry, tmp_path: Path) -> None:
    left = tmp_path / "home" / "artefacts" / "staging" / "left"
    left.mkdir()
    publish(on_disk)
    assert not left.exists()


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES])
def test_a_bad_moment_of_the_disk_condemns_no_version(
    on_disk: Registry, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    version = publish(on_disk)

    def refuse(*_args: object, **_kwargs: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fstat", refuse)
    with pytest.raises(StorageUnavailable, match=f"can't be read now .{os.strerror(number)}"):
        on_disk.fetch(version)
    monkeypatch.undo()
    assert on_disk.fetch(version).folder.exists()


def test_a_disk_that_can_not_look_up_a_version_is_told_and_condemns_none(
    on_disk: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish(on_disk)
    look = Path.stat

    def refuse(path: Path, **how: bool) -> os.stat_result:
        if path.name == version.artefact:
            raise OSError(errno.EIO, "Input/output error")
        return look(path, **how)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", refuse)
        with pytest.raises(StorageUnavailable, match="Input/output error"):
            on_disk.fetch(version)
    assert on_disk.fetch(version).digest == version.digest


def test_the_folders_of_a_new_store_survive_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    DiskArtefacts(tmp_path / "home" / "artefacts")
    assert {tmp_path, tmp_path / "home", tmp_path / "home" / "artefacts"} == set(flushed)
    flushed.clear()
    DiskArtefacts(tmp_path / "home" / "artefacts")
    assert not flushed


def test_a_full_disk_is_told_and_leaves_no_version(on_disk: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(on_disk)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with on_disk.staging() as folder:
        seal_cheaply(folder, key=on_disk.key)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageUnavailable, match=r"No space left on device\): nothing was changed"):
            on_disk.publish(name="houses", staged=folder)
        monkeypatch.undo()
    assert on_disk.versions(name="houses").total == 1
    assert on_disk.collect_orphans() == 0
    assert publish(on_disk).number == 2


def refuse_to_rename(_self: Path, _target: Path) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_damage_is_told_even_where_nothing_can_be_put_aside(on_disk: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    version = publish(on_disk)
    (on_disk.fetch(version).folder / "model.skops").write_bytes(b"damaged")
    monkeypatch.setattr(Path, "rename", refuse_to_rename)
    for _ in range(2):
        with pytest.raises(CorruptArtefact, match=r"houses@1: model\.skops"):
            on_disk.fetch(version)


def test_a_version_whose_files_can_not_be_removed_is_deleted_all_the_same(
    on_disk: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(on_disk)
    publish(on_disk)
    monkeypatch.setattr(Path, "rename", refuse_to_rename)
    on_disk.delete("houses", 2)
    monkeypatch.undo()
    assert on_disk.versions(name="houses").total == 1
    assert on_disk.collect_orphans() == 1


# --- promotion if better ---


def better(registry: Registry, score: float, *, holdout: str = "same") -> str:
    manifest = example_manifest(score=score, holdout=holdout)
    return publish(registry, manifest=manifest, promote=Promotion.IF_BETTER).verdict


def test_a_better_version_is_promoted_and_a_worse_one_is_told_why_not(registry: Registry) -> None:
    assert better(registry, 0.5) == "champion: the model's first version"
    assert better(registry, 0.5) == "not champion: score 0.5, the champion houses@1 has 0.5 on the same held-out rows"
    assert better(registry, 0.4) == "not champion: score 0.4, the champion houses@1 has 0.5 on the same held-out rows"
    assert better(registry, 0.6) == "champion: score 0.6, the champion houses@1 has 0.5 on the same held-out rows"
    assert registry.resolve(ref("houses")).number == 4
    assert registry.resolve(ref("houses@2")).verdict.startswith("not champion: score 0.5")


def test_figures_on_other_rows_do_not_compare(registry: Registry) -> None:
    better(registry, 0.5)
    told = (
        "not champion: its held-out rows are not those of the champion houses@1, or their main figures differ, and it "
        "keeps no rows on which both could be asked"
    )
    assert better(registry, 0.9, holdout="other") == told
    assert better(registry, 0.9, holdout="") == told


def test_figures_for_another_target_do_not_compare(registry: Registry) -> None:
    better(registry, 0.5)
    same = example_manifest(score=0.9, holdout="same")
    target = msgspec.structs.replace(same.signature.target, name="rent")
    other = msgspec.structs.replace(same, signature=msgspec.structs.replace(same.signature, target=target))
    verdict = publish(registry, manifest=other, promote=Promotion.IF_BETTER).verdict
    assert verdict == "not champion: it is a regression of rent, the champion houses@1 a regression of y"


def test_a_model_without_a_champion_takes_the_next_that_asks(registry: Registry) -> None:
    better(registry, 0.5)
    registry.drop_alias("houses", "champion")
    publish(registry)
    assert better(registry, 0.1) == "champion: the model had none"


def test_a_metric_that_the_champion_lacks_does_not_compare(registry: Registry) -> None:
    better(registry, 0.5)
    odd = msgspec.structs.replace(example_manifest(holdout="same"), metrics=(Metric(name="other", value=1.0),))
    verdict = publish(registry, manifest=odd, promote=Promotion.IF_BETTER).verdict
    assert "or their main figures differ, and it keeps no rows" in verdict


def leave_an_orphan(registry: Registry) -> str:
    with registry.staging() as folder, registry.artefacts.keep(folder) as artefact:
        return artefact


def test_the_next_publication_collects_what_a_crash_left(registry: Registry) -> None:
    publish(registry)
    orphan = leave_an_orphan(registry)
    publish(registry)
    assert orphan not in registry.artefacts.survey().kept
    assert len(registry.artefacts.survey().kept) == 2


def test_the_files_of_a_database_that_was_lost_are_no_orphans(tmp_path: Path) -> None:
    shared = f"file://{tmp_path / 'shared'}"  # with models or a secret in the home, its database is missed
    settings = Settings(home=tmp_path / "home", secret="5e" * 32, artifacts_url=shared)
    for _ in range(2):
        registry = open_registry(settings)
        publish(registry)
        publish(registry)
        registry.close()
        for file in settings.home.glob("carafe.db*"):
            file.unlink()
    registry = open_registry(settings)
    registry.tidy()
    assert len(registry.artefacts.survey().kept) == 4
    registry.close()
