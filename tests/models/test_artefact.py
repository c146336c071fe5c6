from __future__ import annotations

import hashlib
import hmac
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carafe.errors import CorruptArtefact, NewerArtefact, UnsupportedModel
from carafe.models.artefact import load_model, reseal
from carafe.models.manifest import FORMAT, Manifest, encode_manifest
from carafe.models.publication import Publication
from carafe.models.sealing import seal
from carafe.models.verification import open_artefact

KEY = b"k" * 32
SealIn = Callable[[Path, Publication], Manifest]


def sign(directory: Path, content: bytes, key: bytes = KEY) -> None:
    """Write a manifest as an owner of the key would."""
    (directory / "manifest.json").write_bytes(content)
    digest = hmac.new(key, b"carafe artefact manifest\x00" + content, hashlib.sha256).hexdigest()
    (directory / "manifest.sig").write_text(digest)


def test_a_sealed_model_answers_as_the_estimator_did(sealed: tuple[Path, Manifest], publication: Publication) -> None:
    directory, manifest = sealed
    assert open_artefact(directory, key=KEY).manifest == manifest
    answer = load_model(open_artefact(directory, key=KEY)).predict(publication.sample)
    expected = publication.estimator.predict(np.column_stack(publication.sample.columns))
    np.testing.assert_array_equal(answer.values, expected)


def test_the_manifest_lists_every_file_and_its_digest(sealed: tuple[Path, Manifest]) -> None:
    directory, manifest = sealed
    listed = {digest.path: (digest.sha256, digest.size) for digest in manifest.files}
    found = {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        for path in directory.iterdir()
        if not path.name.startswith("manifest")
    }
    assert listed == found
    assert set(listed) == {"model.skops", "golden.json", "plan.json", "model.onnx"}


def test_files_are_readable_by_their_owner_only(sealed: tuple[Path, Manifest]) -> None:
    directory, _ = sealed
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


def test_the_recipe_that_trained_a_model_lies_beside_it_as_toml(tmp_path: Path, publication: Publication) -> None:
    manifest = msgspec.structs.replace(publication.manifest, recipe='target = "y"\n')
    seal(directory=tmp_path, key=KEY, manifest=manifest, estimator=publication.estimator, sample=publication.sample)
    assert (tmp_path / "recipe.toml").read_text() == 'target = "y"\n'
    assert open_artefact(tmp_path, key=KEY).manifest.recipe == 'target = "y"\n'


def test_another_key_opens_nothing(sealed: tuple[Path, Manifest]) -> None:
    with pytest.raises(CorruptArtefact, match=r"manifest\.sig: not this home's signature"):
        open_artefact(sealed[0], key=b"other")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_in_any_file_is_caught(sealed: tuple[Path, Manifest], data: st.DataObject) -> None:
    directory, _ = sealed
    path = data.draw(st.sampled_from(sorted(directory.iterdir())), label="file")
    original = path.read_bytes()
    position = data.draw(st.integers(0, len(original) - 1), label="byte")
    changed = bytearray(original)
    changed[position] ^= 1 << data.draw(st.integers(0, 7), label="bit")
    path.write_bytes(changed)
    try:
        with pytest.raises(CorruptArtefact, match=r"manifest|golden|model|plan"):
            open_artefact(directory, key=KEY)
    finally:
        path.write_bytes(original)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_truncation_or_addition_is_caught(sealed: tuple[Path, Manifest], data: st.DataObject) -> None:
    directory, _ = sealed
    path = data.draw(st.sampled_from(sorted(directory.iterdir())), label="file")
    original = path.read_bytes()
    kept = data.draw(st.integers(0, len(original) - 1), label="kept")
    path.write_bytes(data.draw(st.sampled_from([original[:kept], original + b"\n"])))
    try:
        with pytest.raises(CorruptArtefact, match=r"manifest|golden|model|plan"):
            open_artefact(directory, key=KEY)
    finally:
        path.write_bytes(original)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "model.skops", "golden.json"])
def test_a_missing_file_is_named(sealed: tuple[Path, Manifest], name: str) -> None:
    (sealed[0] / name).unlink()
    with pytest.raises(CorruptArtefact, match=name):
        open_artefact(sealed[0], key=KEY)


def test_a_file_that_the_manifest_does_not_list_is_refused(sealed: tuple[Path, Manifest]) -> None:
    (sealed[0] / "extra.pkl").write_bytes(b"")
    with pytest.raises(CorruptArtefact, match=r"\['extra\.pkl'\] not in the manifest"):
        open_artefact(sealed[0], key=KEY)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "model.skops"])
def test_a_link_in_place_of_a_file_is_refused_though_its_content_is_right(
    sealed: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / name
    shutil.move(sealed[0] / name, elsewhere)
    (sealed[0] / name).symlink_to(elsewhere)
    with pytest.raises(CorruptArtefact, match=name):
        open_artefact(sealed[0], key=KEY)


def test_a_pipe_in_place_of_a_file_does_not_hang(sealed: tuple[Path, Manifest]) -> None:
    (sealed[0] / "manifest.json").unlink()
    os.mkfifo(sealed[0] / "manifest.json")
    with pytest.raises(CorruptArtefact, match=r"manifest\.json: got something else, expected a plain file"):
        open_artefact(sealed[0], key=KEY)


def test_a_directory_that_is_not_there_is_a_corrupt_artefact(tmp_path: Path) -> None:
    with pytest.raises(CorruptArtefact, match=r"manifest\.json: can't be read"):
        open_artefact(tmp_path / "nowhere", key=KEY)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"format": 0}', r"manifest\.json: format 0, expected 1 to 2"),
        (b'{"format": -1}', r"manifest\.json: format -1, expected 1 to 2"),
        (b'{"format": 1, "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", r"manifest\.json: maximum recursion"),
    ],
)
def test_a_manifest_that_no_carafe_wrote_is_refused(sealed: tuple[Path, Manifest], content: bytes, words: str) -> None:
    sign(sealed[0], content)
    for door in (open_artefact, reseal):
        with pytest.raises(CorruptArtefact, match=words):
            door(sealed[0], key=KEY)


def test_a_newer_format_asks_for_a_newer_carafe(sealed: tuple[Path, Manifest]) -> None:
    sign(sealed[0], b'{"format": %d, "something": "new"}' % (FORMAT + 1))
    with pytest.raises(NewerArtefact, match=f"format {FORMAT + 1}, expected at most {FORMAT}: upgrade"):
        open_artefact(sealed[0], key=KEY)


def test_an_artefact_of_the_first_format_answers_natively_as_ever(
    sealed: tuple[Path, Manifest], publication: Publication
) -> None:
    directory, manifest = sealed
    write_as_format_1(directory, manifest)
    artefact = open_artefact(directory, key=KEY)
    assert (artefact.manifest.format, artefact.manifest.runs_as) == (1, "native")
    expected = publication.estimator.predict(np.column_stack(publication.sample.columns))
    np.testing.assert_array_equal(load_model(artefact).predict(publication.sample).values, expected)
    assert reseal(directory, key=b"ours").format == 1


def write_as_format_1(directory: Path, manifest: Manifest) -> None:
    """Turn an artefact into one as Carafe 0.1 sealed it: no plan, and rungs that say nothing of a comparison."""
    kept = {"model.skops", "golden.json"}
    for digest in manifest.files:
        if digest.path not in kept:
            (directory / digest.path).unlink()
    document = msgspec.to_builtins(manifest)
    document["format"] = 1
    document["files"] = [digest for digest in document["files"] if digest["path"] in kept]
    document["ladder"] = [{"name": "native", "chosen": True, "reason": "scikit-learn's own answers"}]
    sign(directory, msgspec.json.encode(document))


def test_a_signed_manifest_that_is_no_manifest_is_corrupt(sealed: tuple[Path, Manifest]) -> None:
    sign(sealed[0], b'{"format": 1, "surprise": true}')
    with pytest.raises(CorruptArtefact, match=r"manifest\.json: .*surprise"):
        open_artefact(sealed[0], key=KEY)


@pytest.mark.parametrize("path", ["../escape", "/etc/passwd", "manifest.json", "model.skops\x00"])
def test_a_signed_manifest_names_no_file_outside_its_directory(sealed: tuple[Path, Manifest], path: str) -> None:
    directory, manifest = sealed
    files = tuple(msgspec.structs.replace(digest, path=path) for digest in manifest.files[:1]) + manifest.files[1:]
    sign(directory, encode_manifest(msgspec.structs.replace(manifest, files=files)))
    with pytest.raises(CorruptArtefact, match=r"files: |manifest\.json: lists"):
        open_artefact(directory, key=KEY)


def test_an_unknown_flavour_is_corrupt(sealed: tuple[Path, Manifest]) -> None:
    directory, manifest = sealed
    sign(directory, encode_manifest(msgspec.structs.replace(manifest, flavour="pickle")))
    with pytest.raises(CorruptArtefact, match="flavour: got 'pickle', expected one of sklearn"):
        load_model(open_artefact(directory, key=KEY))


def test_an_artefact_of_another_home_is_taken_in_under_this_homes_key(sealed: tuple[Path, Manifest]) -> None:
    directory, manifest = sealed
    (directory / "manifest.sig").write_text("another home's")
    assert reseal(directory, key=b"ours") == manifest
    assert open_artefact(directory, key=b"ours").manifest == manifest
    with pytest.raises(CorruptArtefact, match="not this home's signature"):
        open_artefact(directory, key=KEY)


def test_a_changed_artefact_of_another_home_is_not_taken_in(sealed: tuple[Path, Manifest]) -> None:
    directory, _ = sealed
    (directory / "model.skops").write_bytes(b"x" * (directory / "model.skops").stat().st_size)
    with pytest.raises(CorruptArtefact, match=r"model\.skops: its content is not what the manifest promises"):
        reseal(directory, key=b"ours")


def test_a_model_is_not_sealed_over_another(
    sealed: tuple[Path, Manifest], publication: Publication, seal_in: SealIn
) -> None:
    with pytest.raises(FileExistsError):
        seal_in(sealed[0], publication)


def test_a_model_that_changes_when_stored_is_not_sealed(tmp_path: Path, publication: Publication) -> None:
    class Restless:
        classes_ = ()

        def predict(self, table: object) -> object:
            return np.zeros(len(table))  # type: ignore[arg-type]

    with pytest.raises(UnsupportedModel, match="Restless"):
        seal(
            directory=tmp_path,
            key=KEY,
            manifest=publication.manifest,
            estimator=Restless(),
            sample=publication.sample,
        )
    assert not list(tmp_path.iterdir())
