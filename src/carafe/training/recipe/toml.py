"""Writing a recipe as TOML that a person can read and edit: what is allowed stands beside each key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec
import tomlkit
from tomlkit.items import AoT, Table

from carafe.schema import Kind, Task
from carafe.training.recipe.columns import Missing, Outliers, Scale
from carafe.training.recipe.rules import FORMAT
from carafe.training.recipe.sections import Clean, Duplicates, ModelChoice, Split, SplitMethod


def _choices(values: type[StrEnum]) -> str:
    return ", ".join(values)


_HEAD = """How Carafe trains this model. Every line is yours to edit; then: carafe train with this file."""

_COLUMNS = f"""The columns. What is not written here is decided for the algorithm ("auto"). Each may have:
  use = false                     leave it out
  kind                            {_choices(Kind)}
  missing                         {_choices(Missing)}; constant needs fill = VALUE
  missing_values = [0]            values that stand for a missing one
  outliers                        {_choices(Outliers)}, by outlier_method and outlier_factor
  scale                           {_choices(Scale)}
  encode                          auto, one-hot, ordinal, target (a category); one-hot, ordinal (bins)
  bins = {{ edges = [0, 18, 30, 60, 100], labels = ["child", "young", "adult", "old"] }}   or {{ quantiles = 4 }}
  dates = ["month", "weekday"]    the parts of a date-time
  text = {{ words = [1, 2] }}       the runs of words of a text"""

_FEATURES = """Columns made from others, such as:
  [[features.ratios]]
  name = "rooms_per_household"
  numerator = "total_rooms"
  denominator = "households"
and likewise [[features.products]] with factors = [...], [[features.sums]] with terms = [...],
[[features.elapsed]] with start, end and unit = "seconds", "minutes", "hours" or "days"."""

_BESIDE = {
    ("data", "task"): f"{_choices(Task)}",
    ("clean", "duplicates"): f"{_choices(Duplicates)}: training rows that equal an earlier one",
    ("clean", "outlier_share"): "share of training rows dropped by an isolation forest",
    ("split", "method"): f"{_choices(SplitMethod)}; group and time need column = NAME",
    ("split", "test_size"): "share of rows held out for the evaluation",
    ("split", "folds"): "of cross-validation, within the training rows",
    ("split", "keep_rows"): "false: no held-out row is kept with the version",
    ("model", "algorithm"): "auto compares several; see carafe train --help for the names",
    ("model", "time_budget"): "seconds for the comparison",
    ("model", "cross_validate"): "score a named algorithm on every fold, too; auto always does",
}


def write_toml(recipe: msgspec.Struct, *, notes: Mapping[str, str]) -> str:
    """Return the recipe as commented TOML, with its note above each column that has one.

    The password in a database's URL is left out: recipes are stored with versions and shared.
    """
    plain: dict[str, Any] = msgspec.to_builtins(recipe)
    document = tomlkit.document()
    _comment(document, _HEAD)
    document.add("format", FORMAT)
    document.add("data", _section("data", _without_password(plain["data"])))
    for key, defaults in (("clean", Clean()), ("split", Split()), ("model", ModelChoice())):
        document.add(key, _section(key, _all_keys(defaults) | plain.get(key, {})))
    document.add(tomlkit.nl())
    _comment(document, _COLUMNS)
    document.add(tomlkit.nl())
    if "columns" in plain:
        document.add("columns", _columns(plain["columns"], notes))
        document.add(tomlkit.nl())
    _comment(document, _FEATURES)
    document.add(tomlkit.nl())
    if "features" in plain:
        document.add("features", _features(plain["features"]))
    return tomlkit.dumps(document).rstrip() + "\n"


def _without_password(data: dict[str, Any]) -> dict[str, Any]:
    """Return [data] with a database's URL as it may be stored: without its password and its options."""
    if "database" not in data.get("read", {}):
        return data
    url = re.sub(r"://([^:@/]*):.*@", r"://\1@", data["read"]["database"].partition("?")[0])
    return data | {"read": data["read"] | {"database": url}}


def _all_keys(part: Clean | Split | ModelChoice) -> dict[str, Any]:
    """Return a section's keys with their defaults, so that a person sees what can be changed."""
    values = {name: getattr(part, name) for name in part.__struct_fields__}
    return {name: msgspec.to_builtins(value) for name, value in values.items() if value is not None and value != {}}


def _section(key: str, values: Mapping[str, Any]) -> Table:
    section = tomlkit.table()
    for name, value in values.items():
        item = _item(value)
        if (key, name) in _BESIDE:
            item.comment(_BESIDE[key, name])
        section.add(name, item)
    section.add(tomlkit.nl())
    return section


def _columns(columns: list[dict[str, Any]], notes: Mapping[str, str]) -> Table:
    tables = tomlkit.table(is_super_table=True)
    for column in columns:
        table = tomlkit.table()
        for line in notes.get(column["name"], "").splitlines():
            table.add(tomlkit.comment(_one_line(line)))
        for name, value in column.items():
            if name != "name":
                table.add(name, _item(value))
        table.add(tomlkit.nl())
        tables.add(tomlkit.key(column["name"]), table)
    return tables


def _features(features: Mapping[str, list[dict[str, Any]]]) -> Table:
    tables = tomlkit.table(is_super_table=True)
    for kind, made in features.items():
        entries: AoT = tomlkit.aot()
        for feature in made:
            entries.append(_section("features", feature))
        tables.add(kind, entries)
    return tables


def _item(value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update({name: _item(entry) for name, entry in value.items()})
        return inline
    return tomlkit.item(value)


def _comment(document: tomlkit.TOMLDocument, text: str) -> None:
    for line in text.splitlines():
        document.add(tomlkit.comment(line))


def _one_line(text: str) -> str:
    """Return ``text`` without the control characters that TOML forbids in a comment."""
    return "".join(character if character.isprintable() else " " for character in text)
