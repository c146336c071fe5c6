from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from carafe.cli.main import main
from carafe.training.algorithms.catalogue import NAMES
from small_tables import flats


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with flats.csv in it, and a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARAFE_HOME", str(tmp_path / "home"))
    flats().write_csv(tmp_path / "flats.csv")
    return tmp_path


RENT = ("flats.csv", "--target", "rent", "--drop", "let", "--algorithm", "ridge")


@pytest.mark.usefixtures("folder")
def test_training_shows_decisions_figures_and_importance_and_says_what_to_type_next() -> None:
    result = run("train", *RENT)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("\nTo predict: rent (regression)\n")
    assert "left out │ left out on request" in result.output
    assert "ridge on 24 held-out rows" in result.output
    assert "baseline" in result.output
    assert "█" in result.output
    assert "Published as flats@1 (champion: the model's first version).\nNext: carafe serve" in result.output


@pytest.mark.usefixtures("folder")
def test_a_comparison_is_shown_with_the_reason_for_its_winner() -> None:
    result = run("train", "flats.csv", "--target", "let", "--drop", "rent", "--name", "lets")
    assert result.exit_code == 0, result.output
    assert "Compared by cross-validation on 96 training rows: log_loss, smaller is better" in result.output
    assert "lowest mean log_loss of 10 folds" in result.output
    assert "precision, recall and F1 are those of 'yes'" in result.output
    assert "lets@1" in result.output


@pytest.mark.usefixtures("folder")
def test_machines_get_json_and_nothing_else() -> None:
    result = run("train", *RENT, "--json", "--seed", "3", "--test-size", "0.25")
    found = json.loads(result.stdout)
    assert found["published"] == {
        "name": "flats",
        "version": 1,
        "aliases": ["champion"],
        "verdict": "champion: the model's first version",
        "breaks": None,
    }
    assert (found["seed"], found["held_out"], found["rows"]) == (3, 30, 90)
    assert found["metrics"][0]["name"] == "rmse"


@pytest.mark.usefixtures("folder")
def test_a_later_version_is_champion_only_when_asked_for_or_better() -> None:
    run("train", *RENT)
    assert "Next: carafe promote flats@2" in run("train", *RENT).output
    refused = run("train", *RENT[:-1], "baseline", "--promote-if-better").output
    assert "not champion: rmse" in refused
    assert refused.endswith("Next: carafe models show flats@3\n")
    assert "champion: asked for at publication" in run("train", *RENT[:-1], "baseline", "--promote").output


@pytest.mark.usefixtures("folder")
def test_a_version_that_would_break_the_champions_callers_is_warned_of_before_it_is_promoted() -> None:
    run("train", *RENT)
    assert "Warning: flats@2" not in run("train", *RENT).output
    other = ("train", "flats.csv", "--target", "let", "--drop", "rent", "--algorithm", "logistic", "--name", "flats")
    told = "flats@{} would break the callers of flats@1 (champion): "
    assert f"Warning: {told.format(3)}" in run(*other).output
    breaks = json.loads(run(*other, "--json").stdout)["published"]["breaks"]
    assert breaks.startswith(told.format(4))
    assert "it predicts 'let' instead of 'rent'" in breaks


@pytest.mark.usefixtures("folder")
def test_the_recipe_that_init_writes_is_obeyed(folder: Path) -> None:
    written = run("init", "flats.csv", "--target", "rent", "--drop", "let", "--name", "homes", "-o", "carafe.toml")
    assert written.exit_code == 0, written.output
    text = (folder / "carafe.toml").read_text()
    assert 'source = "flats.csv"' in text
    assert "# number: numbers; " in text
    edited = text.replace("[columns.city]\n", "[columns.city]\nuse = false\n").replace(
        'algorithm = "auto"', 'algorithm = "ridge"'
    )
    (folder / "carafe.toml").write_text(edited)
    found = json.loads(run("train", "carafe.toml", "--json", "--algorithm", "linear").stdout)
    assert found["published"]["name"] == "homes"
    assert found["algorithm"] == "linear"
    used = {decision["column"]: decision["used"] for decision in found["decisions"]}
    assert used == {"area": True, "rooms": True, "balcony": True, "city": False, "let": False}


@pytest.mark.usefixtures("folder")
def test_a_recipe_finds_its_table_beside_itself(folder: Path) -> None:
    (folder / "recipes").mkdir()
    run("init", "flats.csv", "--target", "rent", "--drop", "let", "-o", "recipes/rent.toml")
    assert 'source = "../flats.csv"' in (folder / "recipes" / "rent.toml").read_text()
    result = run("train", "recipes/rent.toml", "--algorithm", "ridge")
    assert result.exit_code == 0, result.output
    assert "flats@1" in result.output


@pytest.mark.usefixtures("folder")
def test_init_and_train_decide_alike(folder: Path) -> None:
    direct = json.loads(run("train", *RENT, "--json").stdout)
    run("init", "flats.csv", "--target", "rent", "--drop", "let")
    by_recipe = json.loads(run("train", "carafe.toml", "--algorithm", "ridge", "--json").stdout)
    assert by_recipe["metrics"] == direct["metrics"]
    assert (folder / "carafe.toml").exists()


@pytest.mark.usefixtures("folder")
def test_init_never_writes_over_a_recipe_unasked(folder: Path) -> None:
    (folder / "carafe.toml").write_text("mine")
    refused = run("init", "flats.csv", "--target", "rent")
    assert refused.exit_code == 2
    assert "carafe.toml is there: --force writes over it, -o names another file" in refused.output
    assert (folder / "carafe.toml").read_text() == "mine"
    assert run("init", "flats.csv", "--target", "rent", "--force").exit_code == 0
    assert "[columns.area]" in (folder / "carafe.toml").read_text()


@pytest.mark.usefixtures("folder")
def test_a_database_is_named_on_the_command_line_and_its_address_is_not_written_down(folder: Path) -> None:
    flats().drop("let").write_database("flats", f"sqlite:///{folder}/flats.db")
    source = ("--sql", "select * from flats", "--database", f"sqlite:///{folder}/flats.db")
    made = run("init", *source, "--target", "rent")
    assert made.exit_code == 0
    assert f"then: carafe train carafe.toml --database {source[-1]}\n" in made.output
    refused = run("train", "carafe.toml")
    assert refused.exit_code == 2
    assert "the recipe has a query and keeps no database: add --database URL" in refused.output
    text = (folder / "carafe.toml").read_text()
    assert "flats.db" not in text
    assert 'query = "select * from flats"' in text
    result = run("train", "carafe.toml", "--database", source[-1], "--algorithm", "ridge", "--name", "flats")
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "code", "story"),
    [
        (("flats.csv",), 2, "name the column to predict: --target COLUMN"),
        (("flats.csv", "--target", "rend"), 1, "there is no column 'rend'; did you mean 'rent'?"),
        (("flats.csv", "--target", "rent", "--drop", "lat"), 1, "there is no column 'lat'; did you mean 'let'?"),
        (("flats.csv", "--target", "rent", "--algorithm", "logistic"), 1, "'logistic' does not serve a regression"),
        (("flats.csv", "--target", "rent", "--name", "My Flats"), 1, "'My Flats' is no model name"),
        (("flats.csv", "--target", "rent", "--promote", "--promote-if-better"), 2, "exclude each other"),
        (("flats.csv", "--target", "rent", "--time-budget", "0"), 2, "not in the range"),
        (("none.toml",), 1, "none.toml: the recipe can't be read"),
        (("broken.toml",), 1, "the recipe is not valid TOML"),
        (("bare.toml",), 2, "the recipe names no table: write source = FILE into its [data]"),
    ],
)
def test_what_can_not_be_done_is_said_plainly(arguments: tuple[str, ...], code: int, story: str, folder: Path) -> None:
    (folder / "broken.toml").write_text("[data\n")
    (folder / "bare.toml").write_text('[data]\ntarget = "rent"\n')
    result = run("train", *arguments)
    assert result.exit_code == code
    assert story in " ".join(result.output.split())


@pytest.mark.usefixtures("folder")
def test_a_recipe_is_called_toml() -> None:
    refused = run("init", "flats.csv", "--target", "rent", "-o", "recipe.txt")
    assert (refused.exit_code, "expected a name that ends in .toml" in refused.output) == (2, True)


def test_the_help_names_every_algorithm() -> None:
    shown = " ".join(run("train", "--help").output.replace("-\n", "-").split())
    assert ", ".join(NAMES) in shown.replace("- ", "-")
