from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carafe.errors import (
    CorruptArtefact,
    InvalidName,
    ModelNotFound,
    NewerArtefact,
    OutputUnavailable,
    StorageUnavailable,
)
from carafe.models.artefact import load_model
from carafe.registry import Registry, memory_registry, open_registry
from carafe.registry.bundle import Label, pack, unpack
from carafe.schema import ModelRef, Rows
from carafe.settings import Settings
from sealed import publish, seal_cheaply, seal_really

HOUSES = ModelRef.parse("houses@1")


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Return the file of a real version, exported from a home that is no more."""
    registry = memory_registry()
    with registry.staging() as folder:
        seal_really(folder, key=registry.key, slope=3.0)
        registry.publish(name="houses", staged=folder)
    file = tmp_path / "houses-1.carafe"
    registry.export(HOUSES, file)
    registry.close()
    return file


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Registry]:
    """Return the registry of a home that never saw the version."""
    registry = open_registry(Settings(home=tmp_path / "home"))
    yield registry
    registry.close()


def nothing_is_left(registry: Registry, tmp_path: Path) -> bool:
    artefacts = tmp_path / "home" / "artefacts"
    held = [path for part in ("kept", "staging", "quarantine") for path in (artefacts / part).iterdir()]
    return not held and registry.models().total == 0 and registry.generation() == 0


def entries(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(file: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    """Write the archive again with other content."""
    content = entries(file)
    change(content)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


def test_a_version_answers_the_same_in_another_home(here: Registry, exported: Path) -> None:
    version = here.import_(exported)
    assert (str(version), version.aliases) == ("houses@1", ("champion",))
    answers = load_model(here.fetch(version)).predict(Rows((np.array([1.0, 2.0]),)))
    np.testing.assert_allclose(answers.values, [3.0, 6.0])


def test_an_import_is_the_next_version_of_the_model_it_is_meant_for(here: Registry, exported: Path) -> None:
    publish(here)
    assert str(here.import_(exported)) == "houses@2"
    assert here.resolve(ModelRef.parse("houses")).number == 1
    assert str(here.import_(exported, "other")) == "other@1"


def test_an_export_holds_no_secret_and_no_signature_of_its_home(on_disk: Registry, tmp_path: Path) -> None:
    publish(on_disk)
    on_disk.export(HOUSES, tmp_path / "out.carafe")
    content = entries(tmp_path / "out.carafe")
    assert sorted(content) == ["bundle.json", "manifest.json", "model.skops"]
    assert json.loads(content["bundle.json"]) == {"format": 1, "name": "houses", "number": 1}
    signature = (on_disk.fetch(on_disk.resolve(HOUSES)).folder / "manifest.sig").read_bytes()
    written = (tmp_path / "out.carafe").read_bytes()
    assert signature not in written
    assert on_disk.key not in written
    assert on_disk.key.hex().encode() not in written


def test_the_same_version_makes_the_same_file(on_disk: Registry, tmp_path: Path) -> None:
    publish(on_disk)
    for name in ("a", "b"):
        on_disk.export(HOUSES, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_an_export_appears_whole_or_not_at_all(on_disk: Registry, tmp_path: Path) -> None:
    publish(on_disk)
    with pytest.raises(OutputUnavailable, match=r"nowhere/out\.carafe can't be written \(No such file or directory\)"):
        on_disk.export(HOUSES, tmp_path / "nowhere" / "out.carafe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputUnavailable, match=r"folder can't be written \(Is a directory\)"):
        on_disk.export(HOUSES, tmp_path / "folder")
    with pytest.raises(ModelNotFound):
        on_disk.export(ModelRef.parse("other"), tmp_path / "out.carafe")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "home"]


def test_a_damaged_version_is_not_exported(on_disk: Registry, tmp_path: Path) -> None:
    version = publish(on_disk)
    (on_disk.fetch(version).folder / "model.skops").write_bytes(b"changed")
    with pytest.raises(CorruptArtefact, match="houses@1"):
        on_disk.export(HOUSES, tmp_path / "out.carafe")
    assert not (tmp_path / "out.carafe").exists()


@pytest.mark.parametrize("size", [1, 1000, 10 * 1024**2, 100 * 1024**2])
def test_a_model_that_packs_a_thousandfold_still_travels(here: Registry, tmp_path: Path, size: int) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    zeros = bytes(size)
    seal_cheaply(source, key=here.key, content=zeros)
    pack(source, tmp_path / "out.carafe", Label(name="zeros", number=7))
    assert unpack(tmp_path / "out.carafe", target).name == "zeros"
    assert (target / "model.skops").read_bytes() == zeros


# --- what is refused ---


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: files.update({"../evil": b"x"}), r"'\.\./evil': expected only plain files with plain names"),
        (lambda files: files.update({"/etc/evil": b"x"}), r"'/etc/evil': expected only plain files"),
        (lambda files: files.update({"a/b": b"x"}), r"'a/b': expected only plain files"),
        (lambda files: files.update({"a\\b": b"x"}), r"expected only plain files"),
        (lambda files: files.update({"C:evil": b"x"}), r"'C:evil': expected only plain files"),
        (lambda files: files.update({"folder/": b""}), r"'folder/': expected only plain files"),
        (lambda files: files.update({".hidden": b"x"}), r"'\.hidden': expected only plain files"),
        (lambda files: files.update({"né": b"x"}), r"'n\\xe9': expected only plain files"),
        (lambda files: files.update({"manifest.sig": b"x"}), r"'manifest\.sig': expected only plain files"),
        (lambda files: files.update({"MANIFEST.json": b"x"}), r"two files of the same name"),
        (lambda files: files.update({f"f{n}": b"" for n in range(100)}), r"holds 105 files, expected 1 to 66"),
        (lambda files: files.update({"extra": b"x"}), r"extra"),
        (lambda files: files.update({"model.skops": b"x"}), r"model\.skops: its content is not what the manifest"),
        (lambda files: files.pop("model.skops"), r"model\.skops"),
        (lambda files: files.pop("manifest.json"), r"manifest\.json: can't be read"),
        (lambda files: files.pop("bundle.json"), r"no bundle\.json: expected a file that `carafe export` wrote"),
        (lambda files: files.update({"bundle.json": b"{}"}), r"broken \(Object missing required field"),
        (lambda files: files.update({"bundle.json": b"\xff"}), r"broken \("),
        (lambda files: files.update({"manifest.json": b'{"format": 1}'}), r"manifest\.json: Object missing required"),
        (lambda files: files.clear(), r"holds 0 files"),
    ],
)
def test_an_archive_that_is_not_what_export_wrote_is_refused_and_leaves_nothing(
    here: Registry, exported: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], object], words: str
) -> None:
    rewrite(exported, change)
    with pytest.raises(CorruptArtefact, match=words):
        here.import_(exported)
    assert nothing_is_left(here, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive at all" * 100, b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_archive_is_refused(here: Registry, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.carafe").write_bytes(content)
    with pytest.raises(CorruptArtefact, match=r"x\.carafe: "):
        here.import_(tmp_path / "x.carafe")
    assert nothing_is_left(here, tmp_path)


def test_a_file_that_is_not_there_is_named(here: Registry, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"x\.carafe: can't be read or unpacked \(No such file or directory\)"):
        here.import_(tmp_path / "x.carafe")


def test_a_name_inside_the_archive_is_checked_like_any_other(here: Registry, exported: Path, tmp_path: Path) -> None:
    rewrite(exported, lambda files: files.update({"bundle.json": b'{"format":1,"name":"../evil","number":1}'}))
    with pytest.raises(InvalidName, match=r"'\.\./evil'"):
        here.import_(exported)
    assert nothing_is_left(here, tmp_path)


def test_an_archive_of_a_newer_carafe_is_refused(here: Registry, exported: Path) -> None:
    rewrite(exported, lambda files: files.update({"bundle.json": b'{"format":2,"name":"houses","number":1}'}))
    with pytest.raises(NewerArtefact, match=r"houses-1\.carafe: bundle format 2, expected at most 1: upgrade"):
        here.import_(exported)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_an_entry_that_is_no_plain_file_is_refused(here: Registry, exported: Path, tmp_path: Path, kind: int) -> None:
    entry = zipfile.ZipInfo("strange")
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(exported, "a") as archive:
        archive.writestr(entry, b"/etc/passwd")
    with pytest.raises(CorruptArtefact, match="'strange': expected only plain files"):
        here.import_(exported)
    assert nothing_is_left(here, tmp_path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_stored_and_deflated_content_is_unpacked(here: Registry, exported: Path, method: int) -> None:
    with zipfile.ZipFile(exported, "a", compression=method) as archive:
        archive.writestr("strange", b"x" * 1000)
    with pytest.raises(CorruptArtefact, match="strange: expected stored or deflated content, not encrypted"):
        here.import_(exported)


def test_encrypted_content_is_refused(here: Registry, exported: Path) -> None:
    with zipfile.ZipFile(exported, "a") as archive:
        archive.writestr("strange", b"x")
    content = bytearray(exported.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    exported.write_bytes(content)
    with pytest.raises(CorruptArtefact, match="strange: expected stored or deflated content, not encrypted"):
        here.import_(exported)


@pytest.mark.parametrize("says", ["the truth", "a lie"])
def test_an_archive_bomb_is_refused_before_it_fills_the_disk(
    here: Registry, exported: Path, tmp_path: Path, says: str
) -> None:
    size = 200 * 1024**2
    with zipfile.ZipFile(exported, "a", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(size))
    if says == "a lie":
        content = exported.read_bytes()
        exported.write_bytes(content.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    with pytest.raises(CorruptArtefact, match=r"archive bomb|broken \("):
        here.import_(exported)
    assert nothing_is_left(here, tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_however_a_file_is_mangled_it_is_refused_or_whole(here: Registry, exported: Path, data: st.DataObject) -> None:
    content = bytearray(exported.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    mangled = exported.with_name("mangled.carafe")
    mangled.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    before = here.generation()
    try:
        version = here.import_(mangled, "mangled")
    except (CorruptArtefact, NewerArtefact) as error:
        assert str(error)
        assert here.generation() == before
    else:
        load_model(here.fetch(version))
    assert not list((exported.parent / "home" / "artefacts" / "staging").iterdir())
