"""Reading TOML into the parts of a recipe, with errors that a person can act on."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from carafe.errors import InvalidRecipe

P = TypeVar("P", bound=msgspec.Struct)


def toml_document(text: str) -> dict[str, Any]:
    """Parse TOML; columns come out as a list of tables with their names in them.

    Raises:
        InvalidRecipe: when it is not TOML; the message says in which line.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidRecipe(f"the recipe is not valid TOML: {str(error) or 'nested too deeply'}") from None
    if "columns" in document:
        document["columns"] = _named_columns(document["columns"])
    return document


def read_part(part: type[P], value: object) -> P:
    """Convert plain values into a part of a recipe.

    Raises:
        InvalidRecipe: when they don't fit; names the key, what came, what is allowed and the nearest spelling.
    """
    _check(inspect.type_info(part), value, "")
    try:
        return msgspec.convert(value, part)
    except msgspec.ValidationError as error:
        raise InvalidRecipe(str(error)) from None


def _named_columns(columns: object) -> list[dict[str, Any]]:
    if not isinstance(columns, dict):
        raise InvalidRecipe(f"columns: got {_shown(columns)}, expected a table [columns.NAME] for each column")
    for name, column in columns.items():
        if not isinstance(column, dict):
            raise InvalidRecipe(f"columns.{name}: got {_shown(column)}, expected a table [columns.{name}]")
        if "name" in column:
            raise InvalidRecipe(f"columns.{name}.name: the name stands in [columns.{name}] already; take this key out")
    return [{**column, "name": name} for name, column in columns.items()]


def _check(kind: inspect.Type, value: object, key: str) -> None:
    """Raise InvalidRecipe where ``value`` can't be of this kind; what passes may still be refused by msgspec."""
    if isinstance(kind, inspect.UnionType):
        _check_union(kind, value, key)
    elif isinstance(kind, inspect.StructType):
        _check_table(kind, value, key)
    elif isinstance(kind, inspect.EnumType):
        _check_choice([str(member.value) for member in kind.cls], value, key)
    elif isinstance(kind, (inspect.VarTupleType, inspect.TupleType)):
        _check_list(kind, value, key)
    elif isinstance(kind, inspect.DictType):
        _check_entries(kind, value, key)
    elif not _is_plain(kind, value):
        raise InvalidRecipe(f"{key}: got {_shown(value)}, expected {_expected(kind)}")


def _check_union(kind: inspect.UnionType, value: object, key: str) -> None:
    kinds = [other for other in kind.types if not isinstance(other, inspect.NoneType)]
    if len(kinds) == 1:
        _check(kinds[0], value, key)
    elif not any(_is_plain(other, value) for other in kinds):
        raise InvalidRecipe(f"{key}: got {_shown(value)}, expected {' or '.join(map(_expected, kinds))}")


def _check_entries(kind: inspect.DictType, value: object, key: str) -> None:
    if not isinstance(value, dict):
        raise InvalidRecipe(f"{key}: got {_shown(value)}, expected a table")
    for name, entry in value.items():
        _check(kind.value_type, entry, _join(key, name))


def _check_table(kind: inspect.StructType, value: object, key: str) -> None:
    if not isinstance(value, dict):
        raise InvalidRecipe(f"{key}: got {_shown(value)}, expected a table [{key}]")
    fields = {field.name: field for field in kind.fields}
    for name, entry in value.items():
        if name not in fields:
            known = [field for field in fields if field != "name" or not key.startswith("columns.")]
            raise InvalidRecipe(f"{_join(key, name)}: there is no such key; {_nearest(name, known)}")
        _check(fields[name].type, entry, _join(key, name))
    missing = [name for name, field in fields.items() if field.required and name not in value]
    if missing:
        raise InvalidRecipe(f"{_join(key, missing[0])}: nothing came, expected {_expected(fields[missing[0]].type)}")


def _check_choice(allowed: list[str], value: object, key: str) -> None:
    if isinstance(value, str) and value in allowed:
        return
    hint = _nearest(value, allowed) if isinstance(value, str) else f"allowed: {', '.join(allowed)}"
    raise InvalidRecipe(f"{key}: got {_shown(value)}; {hint}")


def _check_list(kind: inspect.VarTupleType | inspect.TupleType, value: object, key: str) -> None:
    if not isinstance(value, list):
        raise InvalidRecipe(f"{key}: got {_shown(value)}, expected a list")
    if isinstance(kind, inspect.TupleType):
        if len(value) != len(kind.item_types):
            raise InvalidRecipe(f"{key}: got {len(value)} values, expected {len(kind.item_types)}")
        kinds = list(kind.item_types)
    else:
        kinds = [kind.item_type] * len(value)
    for index, (item_kind, item) in enumerate(zip(kinds, value, strict=True)):
        named = key == "columns" and isinstance(item, dict)
        _check(item_kind, item, f"columns.{item['name']}" if named else f"{key}[{index}]")


def _is_plain(kind: inspect.Type, value: object) -> bool:
    if isinstance(kind, inspect.ListType):
        return isinstance(value, list)
    if isinstance(kind, inspect.FloatType):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(kind, inspect.IntType):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, bool if isinstance(kind, inspect.BoolType) else str)


def _expected(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.ListType):
        return "a list of whole numbers"
    if isinstance(kind, inspect.FloatType):
        return "a number"
    if isinstance(kind, inspect.IntType):
        return "a whole number"
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    return "a string" if isinstance(kind, inspect.StrType) else "a table"


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name.casefold(), known, n=1)
    return f"{f'did you mean {near[0]}? ' if near else ''}allowed: {', '.join(known)}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
