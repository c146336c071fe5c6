from __future__ import annotations

from pathlib import Path

import msgspec

from carafe.models import Manifest
from carafe.models.files import digest_of
from carafe.models.manifest import LOWERED, NATIVE, Rung
from carafe.schema import Column, Kind
from carafe.serving.footprint import CATEGORY, COLUMN, FLOOR, GRAPH, LIBRARY, SESSION, footprint
from carafe.testing.metadata_examples import example_manifest
from sealed import only_native, seal_really


def of_files(**sizes: int) -> Manifest:
    files = tuple(digest_of(name.replace("_", "."), bytes(size)) for name, size in sizes.items())
    return msgspec.structs.replace(example_manifest(), files=files)


def base() -> int:
    return FLOOR + COLUMN * len(example_manifest().signature.columns)


def test_a_native_model_takes_a_multiple_of_its_own_file_and_nothing_for_the_others() -> None:
    manifest = of_files(model_skops=1_000_000, golden_json=5000, recipe_toml=5000)
    assert manifest.runs_as == NATIVE
    assert footprint(manifest) == base() + int(LIBRARY * 1_000_000)


def test_a_lowered_model_does_not_take_the_native_one_that_stays_on_the_disk(tmp_path: Path) -> None:
    taken = {}
    for way in ("lowered", "native"):
        folder = tmp_path / way
        folder.mkdir()
        if way == "native":
            with only_native():
                seal_really(folder, key=b"key")
        else:
            seal_really(folder, key=b"key")
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
        sizes = {file.path: file.size for file in manifest.files}
        taken[way] = footprint(manifest) - base()
        assert manifest.runs_as == way
    assert taken["native"] == int(LIBRARY * sizes["model.skops"])
    assert 0 < taken["lowered"] < 20_000


def test_a_graph_takes_a_session_however_small() -> None:
    manifest = of_files(model_onnx=100, plan_json=0)
    lowered = msgspec.structs.replace(manifest, ladder=(Rung(name=LOWERED, chosen=True, reason=""),))
    assert footprint(lowered) == base() + SESSION + int(GRAPH * 100)


def test_columns_and_categories_are_counted() -> None:
    manifest = of_files()
    wide = tuple(Column(name=f"x{index}", kind=Kind.CATEGORY, categories=("a", "b", "c")) for index in range(500))
    signature = msgspec.structs.replace(manifest.signature, columns=wide)
    assert footprint(msgspec.structs.replace(manifest, signature=signature)) == FLOOR + 500 * (COLUMN + 3 * CATEGORY)
