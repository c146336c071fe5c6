from __future__ import annotations

from string import ascii_letters, digits

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidName
from carafe.models.artefact import load_model
from carafe.registry import Promotion, memory_registry
from carafe.schema.exchange import NAME_PATTERN
from carafe.tables import ReadOptions
from carafe.training.digests import table_digest
from carafe.training.examples import iris
from carafe.training.publication import manifest_of, name_from, publish_result
from carafe.training.recipe import Data, ModelChoice, Recipe
from carafe.training.report import report_of
from carafe.training.result import TrainingResult
from carafe.training.run import train
from small_tables import flats, recipe


def trained(algorithm: str = "ridge", *, source: str = "flats.csv") -> TrainingResult:
    read = ReadOptions(database="postgresql://carafe:secret@db/flats")
    data = Data(target="rent", source=source, read=read)
    return train(flats(), recipe=msgspec.structs.replace(recipe("rent", algorithm), data=data))


def test_a_version_holds_all_that_is_known_of_its_training() -> None:
    result = trained()
    registry = memory_registry()
    manifest = publish_result(result, name="flats", registry=registry).manifest
    assert manifest.metrics == result.metrics
    assert manifest.importance == result.importance
    assert (manifest.provenance.rows, manifest.provenance.seed) == (120, 42)
    assert manifest.provenance.data_sha256 == result.data_sha256
    assert manifest.provenance.holdout_sha256 == result.holdout.sha256
    assert Recipe.from_toml(manifest.recipe).model == result.recipe.model


def test_neither_folders_nor_the_databases_address_are_stored() -> None:
    manifest = manifest_of(trained(source="/home/someone/secret/flats.csv"), name="flats")
    assert "someone" not in msgspec.json.encode(manifest).decode()
    assert "secret" not in msgspec.json.encode(manifest).decode()
    assert manifest.provenance.source == "flats.csv"


def test_a_better_version_on_the_same_rows_becomes_champion_and_a_worse_one_does_not() -> None:
    registry = memory_registry()
    for algorithm in ("baseline", "ridge", "tree"):
        publish_result(trained(algorithm), name="flats", registry=registry, promote=Promotion.IF_BETTER)
    verdicts = [version.verdict for version in registry.versions(name="flats").items]
    assert verdicts[0] == "champion: the model's first version"
    assert verdicts[1].startswith("champion: rmse")
    assert verdicts[2].startswith("not champion: rmse")


def test_a_bad_name_is_refused_before_anything_is_stored() -> None:
    registry = memory_registry()
    with pytest.raises(InvalidName):
        publish_result(trained(), name="../flats", registry=registry)
    assert registry.models().total == 0


def test_a_flower_in_the_tutorials_own_words_is_a_setosa() -> None:
    chosen = Recipe(data=Data(target="species"), model=ModelChoice(algorithm="logistic"))
    result = train(iris(), recipe=chosen)
    registry = memory_registry()
    version = publish_result(result, name="iris", registry=registry)
    model = load_model(registry.fetch(version))
    held = result.holdout.data
    answers = [model.signature.target.classes[index] for index in model.predict(held.rows).values]
    assert answers == result.estimator.predict(held.frame()).tolist()
    assert model.signature.target.classes == ("setosa", "versicolor", "virginica")
    assert model.signature.names == ("sepal_length", "sepal_width", "petal_length", "petal_width")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("houses.csv", "houses"),
        ("data/My Houses (2024).CSV", "my-houses-2024"),
        ("Größe é.csv", "grosse-e"),
        ("", "model"),
        ("..", "model"),
    ],
)
def test_a_model_is_called_as_its_file(source: str, name: str) -> None:
    assert name_from(source) == name


@given(st.text())
def test_a_file_is_called_so_that_there_is_a_name_for_its_model_or_one_is_asked_for(source: str) -> None:
    try:
        name = name_from(source)
    except InvalidName:
        assert not set(source.rpartition("/")[2].rpartition(".")[0]) & set(ascii_letters + digits)
    else:
        assert NAME_PATTERN.fullmatch(name)
        assert ".." not in name


def test_tables_without_a_letter_for_a_name_are_no_versions_of_one_model() -> None:
    with pytest.raises(InvalidName, match=r"'日本', has no letter or digit .* choose one with --name"):
        name_from("tables/日本.csv")


def test_equal_tables_have_one_digest_and_others_another() -> None:
    frame = flats()
    assert table_digest(frame) == table_digest(frame.clone())
    others = (frame.reverse(), frame.rename({"area": "size"}), frame.head(119), frame.drop("city"))
    assert len({table_digest(other) for other in (frame, *others)}) == 5


def test_a_digest_tells_a_missing_value_from_an_empty_one_and_a_number_from_its_text() -> None:
    tables = ([None, "b"], ["", "b"], ['"', "b"], ["a\nb"], ["a", "b"], [1, 2], ["1", "2"], [1.0, 2.0], [[1], [2]])
    digests = {table_digest(pl.DataFrame({"x": values})) for values in tables}
    assert len(digests) == len(tables)


def test_a_report_is_plain_data() -> None:
    report = report_of(trained())
    document = msgspec.json.decode(msgspec.json.encode(report))
    assert document["target"] == "rent"
    assert document["held_out"] == 24
    assert document["metrics"][0]["name"] == "rmse"
    assert document["decisions"][0] == {"column": "area", "role": "number", "used": True, "reason": "numbers"}
