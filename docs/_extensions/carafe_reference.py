"""Directives that write the reference from the code itself: ``{carafe} settings``, ``errors`` or ``commands``."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Union, get_args, get_origin, get_type_hints

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from carafe import errors
from carafe.cli.main import COMMANDS, main
from carafe.protocols.problem import STATUS
from carafe.settings import Settings, variable

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def settings() -> Iterator[str]:
    """Yield the table of settings, as Markdown lines."""
    yield "| setting | variable | type | default | what it does |"
    yield "|---|---|---|---|---|"
    kinds = get_type_hints(Settings)
    for item in fields(Settings):
        kind, default = _kind(kinds[item.name]), "none" if item.default is None else f"`{item.default}`"
        yield f"| `{item.name}` | `{variable(item.name)}` | {kind} | {default} | {item.metadata['help']} |"


def error_classes() -> list[type[errors.CarafeError]]:
    """Return every error class in the order in which ``errors.py`` declares them."""
    members = (member for member in vars(errors).values() if inspect.isclass(member))
    return [member for member in members if issubclass(member, errors.CarafeError)]


def errors_table() -> Iterator[str]:
    """Yield one definition per error: its slug, class, title and when it is raised."""
    for error in error_classes():
        yield f"## {error.slug}"
        yield ""
        yield f"{error.title}. Over HTTP: {STATUS[error.slug]}."
        yield ""
        yield f"`carafe.errors.{error.__name__}`: {inspect.getdoc(error)}"
        yield ""


def commands() -> Iterator[str]:
    """Yield a section per command: its usage, what it does, its arguments and options."""
    context = click.Context(main, info_name="carafe")
    for name in COMMANDS:
        command = main.get_command(context, name)
        if command is not None:
            yield from _command(command, click.Context(command, info_name=name, parent=context))


def _command(command: click.Command, context: click.Context, depth: int = 2) -> Iterator[str]:
    yield f"{'#' * depth} {context.command_path}"
    yield ""
    yield inspect.cleandoc(command.help or "").replace("\b", "")
    yield ""
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield from ("```text", *(line.strip() for line in usage.splitlines()), "```", "")
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            record = parameter.get_help_record(context)
            if record:
                yield from (f"`{record[0]}`", f": {record[1]}", "")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _command(child, click.Context(child, info_name=name, parent=context), depth + 1)


def _kind(kind: Any) -> str:  # noqa: ANN401 - a type, in any of its forms
    if get_origin(kind) in {Union, types.UnionType}:
        return " or ".join(_kind(part) for part in get_args(kind) if part is not types.NoneType)
    return {"int": "whole number", "bool": "true or false", "Path": "path", "str": "text"}[kind.__name__]


class Reference(SphinxDirective):
    """Write one of the lists above into the page, parsed as the page itself is."""

    required_arguments = 1
    lists: ClassVar[dict[str, Callable[[], Iterator[str]]]] = {
        "settings": settings,
        "errors": errors_table,
        "commands": commands,
    }

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the list named by the argument."""
        return self.parse_text_to_nodes("\n".join(self.lists[self.arguments[0]]()), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("carafe", Reference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
