"""The commands about models and versions, as a person or a script would use them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from carafe.cli import main
from carafe.cli.serve import advise
from carafe.models.manifest import Candidate, Confusion, Importance, Rung
from carafe.registry import Registry, open_registry
from carafe.schema import Column, Kind, Task
from carafe.settings import Settings
from carafe.testing.metadata_examples import example_manifest
from sealed import publish, publish_copy, seal_really


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARAFE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def registry(home: Path) -> Iterator[Registry]:
    found = open_registry(Settings(home=home))
    yield found
    found.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def done(*words: str) -> str:
    """Run a command that is to succeed and return what it printed."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def failed(*words: str, code: int = 1) -> str:
    """Run a command that is to fail and return what it complained of."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    return result.stderr


# --- models ---


def test_a_new_home_says_how_to_make_a_model(registry: Registry) -> None:
    assert registry.models().total == 0
    assert "no model yet: `carafe train DATA --target COLUMN` makes one" in done("models")
    assert json.loads(done("models", "--json"))["total"] == 0


def test_a_home_that_is_not_there_is_told_and_not_made(home: Path) -> None:
    for words in (
        ("models",),
        ("promote", "houses@1"),
        ("rollback", "houses"),
        ("history", "houses"),
        ("gates", "houses"),
        ("rollout", "houses@2"),
        ("traffic", "houses"),
        ("delete", "houses@1", "--yes"),
        ("export", "houses@1"),
        ("keys", "list"),
    ):
        assert f"there is no home at {home}: set CARAFE_HOME" in failed(*words)
    assert not home.exists()


def test_serving_tells_at_the_start_what_predict_can_not_answer(registry: Registry) -> None:
    publish(registry, "houses")
    assert advise(registry, None) == ""
    assert "can't answer by --model nope: there is no model 'nope'" in advise(registry, "nope")
    publish(registry, "iris")
    assert advise(registry, None).startswith("There are 2 models: POST /predict needs --model NAME")
    assert advise(registry, "iris") == ""


def test_models_are_listed_with_their_aliases(registry: Registry) -> None:
    for name in ("houses", "houses", "iris"):
        publish(registry, name)
    printed = done("models")
    assert "champion = 1" in printed
    assert [line.split("│")[1].strip() for line in printed.splitlines() if "│" in line] == ["houses", "iris"]
    listed = json.loads(done("models", "--json", "--contains", "OUSE"))
    assert (listed["total"], listed["items"][0]["latest"]) == (1, 2)
    champion = listed["items"][0]["aliases"][0]
    assert (champion["name"], champion["traffic"]["shares"]) == ("champion", [{"version": 1, "percent": 100.0}])
    assert "no model fits" in done("models", "--task", "classification")


def test_a_long_list_says_that_there_is_more(registry: Registry) -> None:
    for name in ("a", "b", "c"):
        publish(registry, name)
    assert "page 1: 2 of 3; --page 2 shows more" in done("models", "--size", "2")
    printed = done("models", "--size", "2", "--page", "2")
    assert "c" in printed
    assert "more" not in printed
    assert "there are 3 models on 2 pages; page 9 is beyond the last" in done("models", "--size", "2", "--page", "9")


def test_a_list_asked_for_wrongly_is_a_wrong_command_line(home: Path) -> None:
    assert "'color' is not one of 'name', 'created'" in failed("models", "--sort", "color", code=2)
    assert "0 is not in the range" in failed("models", "--page", "0", code=2)
    assert "[invalid-parameter]" in failed("models", "--contains", "%")
    assert not home.exists()


def test_one_model_shows_its_versions(registry: Registry) -> None:
    for _ in range(2):
        publish(registry)
    printed = done("models", "show", "houses")
    assert "houses@1" in printed
    assert "not champion: promotion was not asked for" in printed
    versions = json.loads(done("models", "show", "houses", "--json"))
    assert [version["version"] for version in versions["items"]] == [1, 2]


def test_one_version_shows_everything_that_is_known(registry: Registry) -> None:
    manifest = msgspec.structs.replace(
        example_manifest(task=Task.CLASSIFICATION, score=0.75),
        recipe='[target]\nname = "y"\n',
        importance=(Importance(column="größe", mean=0.25, deviation=0.01),),
        confusion=Confusion(labels=("no", "yes"), counts=((12, 3), (4, 21))),
        candidates=(
            Candidate(algorithm="forest", score=0.75, deviation=0.01, seconds=1.5, chosen=True, reason="best score"),
            Candidate(algorithm="svm", score=None, deviation=None, seconds=9.0, chosen=False, reason="out of time"),
        ),
        ladder=(
            Rung(name="lowered", chosen=False, reason="row 3 differs", rows=1234, difference=0.25),
            Rung(name="native", chosen=True, reason="the last rung"),
        ),
    )
    many = Column(name="city", kind=Kind.CATEGORY, nullable=True, categories=tuple(f"c{n}" for n in range(20)))
    manifest = msgspec.structs.replace(
        manifest, signature=msgspec.structs.replace(manifest.signature, columns=(*manifest.signature.columns, many))
    )
    publish(registry, manifest=manifest)
    printed = " ".join(done("models", "show", "houses@1").split())
    for words in (
        "classification of y",
        "linear (sklearn)",
        "champion: the model's first version",
        "│ score │ 0.75 │ 0 │",
        "│ no │ 12 │ 3 │",
        "│ größe │ 0.25 │ 0.01 │",
        "│ forest │ 0.75 │ 0.01 │ 1.5 │ chosen, best score │",
        "│ svm │ - │ - │ 9 │ out of time │",
        "│ lowered │ no │ 1,234 │ 2.5e-01 │ row 3 differs │",
        "│ native │ yes │ - │ - │ the last rung │",
        "c0, c1, c2, c3, c4, c5, c6, c7 and 12 more",
        "carafe models show houses@1 --recipe",
    ):
        assert words in printed, words
    assert done("models", "show", "houses@champion", "--recipe") == '[target]\nname = "y"\n'
    document = json.loads(done("models", "show", "houses@1", "--json"))
    assert (document["name"], document["version"], document["aliases"]) == ("houses", 1, ["champion"])
    assert document["manifest"]["metrics"] == [{"name": "score", "value": 0.75, "baseline": 0.0}]


def test_a_version_without_a_recipe_says_so(registry: Registry) -> None:
    publish(registry)
    assert "houses@1 was published as an estimator: no recipe trained it" in failed(
        "models", "show", "houses@1", "--recipe", code=2
    )


def test_what_a_table_called_its_columns_does_not_command_the_terminal(registry: Registry) -> None:
    manifest = example_manifest()
    evil = Column(name="\x1b[2J[red]x[/red]", kind=Kind.NUMBER)
    publish(
        registry,
        manifest=msgspec.structs.replace(
            manifest, signature=msgspec.structs.replace(manifest.signature, columns=(evil,))
        ),
    )
    printed = done("models", "show", "houses@1")
    assert "\x1b" not in printed
    assert "\N{REPLACEMENT CHARACTER}[2J[red]x[/red]" in printed


def test_a_name_that_is_not_there_is_told_with_the_nearest(registry: Registry) -> None:
    publish(registry)
    assert "[model-not-found]" in failed("models", "show", "hoses@1")
    assert "did you mean houses?" in failed("models", "show", "hoses")
    assert "houses has no version 7: it has 1" in failed("models", "show", "houses@7")
    assert "[invalid-name]" in failed("models", "show", "../houses@1")


# --- promote and delete ---


def test_a_promotion_says_what_answered_before(registry: Registry) -> None:
    for _ in range(2):
        publish_copy(registry)
    assert done("promote", "houses@2") == "houses@champion is now version 2 (was version 1)\n"
    assert done("promote", "houses@2") == "houses@champion is now version 2\n"
    assert done("promote", "houses@champion", "--alias", "staging") == "houses@staging is now version 2\n"
    assert "[version-not-found]" in failed("promote", "houses@9")
    assert "which version of houses? `carafe models show houses` lists them" in failed("promote", "houses", code=2)


def test_a_version_is_deleted_and_an_alias_dropped(registry: Registry) -> None:
    for _ in range(2):
        publish_copy(registry)
    done("promote", "houses@2", "--alias", "staging")
    assert "houses@2 is staging: promote another version first" in failed("delete", "houses@2", "--yes")
    assert done("delete", "houses@staging", "--yes") == "dropped houses@staging, which was version 2\n"
    assert done("delete", "houses@2", "--yes") == "deleted houses@2\n"
    assert "houses has no version 2: it has 1" in failed("delete", "houses@2", "--yes")
    assert "which version of houses?" in failed("delete", "houses", "--yes", code=2)


def test_nothing_is_deleted_unasked(registry: Registry) -> None:
    for _ in range(2):
        publish(registry)
    assert "nobody can be asked here: say --yes" in failed("delete", "houses@2", code=2)
    assert registry.model("houses").versions == 2


@pytest.mark.parametrize(("answer", "left"), [("n", 2), ("y", 1)])
def test_at_a_terminal_a_deletion_is_confirmed(registry: Registry, answer: str, left: int) -> None:
    for _ in range(2):
        publish(registry)
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        asked = subprocess.run(
            [sys.executable, "-m", "carafe", "delete", "houses@2"],
            stdin=theirs, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Delete houses@2 for good? [y/N]" in asked.stdout
    assert registry.model("houses").versions == left
    assert (asked.returncode == 0) == (answer == "y")


# --- export and import ---


def test_a_version_travels_in_one_file(registry: Registry, tmp_path: Path) -> None:
    with registry.staging() as folder:
        seal_really(folder, key=registry.key)
        registry.publish(name="line", staged=folder)
    assert done("export", "line").startswith("wrote line@1 to line-1.carafe (")
    assert done("export", "line@1", "-o", "other.carafe").startswith("wrote line@1 to other.carafe (")
    assert (tmp_path / "line-1.carafe").read_bytes() == (tmp_path / "other.carafe").read_bytes()
    assert done("import", "line-1.carafe") == (
        "imported line-1.carafe as line@2 (not champion: promotion was not asked for)\n"
    )
    assert "as other@1 (champion" in done("import", "line-1.carafe", "--name", "other")


def test_a_file_that_can_not_be_imported_is_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.carafe").write_bytes(b"nonsense")
    assert "bad.carafe: not a file that `carafe export` wrote" in failed("import", "bad.carafe")
    assert "'none.carafe' does not exist" in failed("import", "none.carafe", code=2)
    assert home.exists()
