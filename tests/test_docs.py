"""The documentation tells the truth, and all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import carafe_reference
import click
import pytest

from carafe.cli.main import COMMANDS, main
from carafe.monitoring.figures import FIGURES
from carafe.protocols.problem import STATUS
from carafe.serving import Observer
from carafe.settings import Settings, variable
from carafe.web.routes import ROUTES

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(ROOT.glob("*.md")) + sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
PATH = re.compile(r"`((?:src|tests|scripts|docs|requirements)/[\w./*-]+)`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@each_page
def test_every_path_named_in_a_page_exists(page: Path) -> None:
    named = PATH.findall(page.read_text(encoding="utf-8"))
    assert not [path for path in named if not any(ROOT.glob(path.rstrip("/")))]


@each_page
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


@each_page
def test_every_page_has_one_title(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(re.findall(r"^# ", text, flags=re.MULTILINE)) == 1


def test_every_room_has_its_place_in_the_architecture() -> None:
    text = page("architecture.md")
    rooms = {path.name for path in (ROOT / "src" / "carafe").iterdir() if not path.name.startswith(("_", "py."))}
    assert not [room for room in sorted(rooms) if f"src/carafe/{room}" not in text]


def test_every_setting_is_documented() -> None:
    assert "```{carafe} settings" in page("reference/settings.md")
    rows = [line for line in carafe_reference.settings() if line.startswith("| `")]
    for item, row in zip(fields(Settings), rows, strict=True):
        assert f"`{variable(item.name)}`" in row
        assert item.metadata["help"] in row


def test_every_error_is_documented_with_its_status() -> None:
    assert "```{carafe} errors" in page("reference/errors.md")
    text = "\n".join(carafe_reference.errors_table())
    slugs = {error.slug for error in carafe_reference.error_classes()}
    assert slugs <= STATUS.keys()
    assert not [slug for slug in slugs if f"## {slug}\n" not in text]


def commands() -> Iterator[tuple[str, click.Command]]:
    waiting: list[tuple[str, click.Command | None, click.Context]] = []
    top = click.Context(main)
    waiting.extend((name, main.get_command(top, name), top) for name in COMMANDS)
    while waiting:
        name, command, parent = waiting.pop()
        assert command is not None, name
        yield name, command
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=name, parent=parent)
            names = command.list_commands(context)
            waiting.extend((f"{name} {child}", command.get_command(context, child), context) for child in names)


def test_every_command_argument_and_option_is_documented() -> None:
    assert "```{carafe} commands" in page("reference/cli.md")
    text = "\n".join(carafe_reference.commands())
    for name, command in commands():
        assert f"# carafe {name}\n" in text
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help or parameter.hidden, f"{name} {parameter.opts}"
                assert parameter.hidden or parameter.opts[-1] in text
            elif isinstance(parameter, click.Argument):
                metavar = parameter.metavar or parameter.human_readable_name
                assert metavar.strip("[].") in command.help, f"{name}: say in its help what {metavar} is"


def test_every_route_and_parameter_is_documented() -> None:
    assert "```{carafe} routes" in page("reference/routes.md")
    text = "\n".join(carafe_reference.routes())
    for route in ROUTES:
        section = text.partition(f"## `{route.path}`\n")[2].partition("\n## ")[0]
        assert f"`{route.method}`\n: {route.summary}." in section
        assert not [parameter.name for parameter in route.query if f"`{parameter.name}`" not in section]


def test_every_hook_is_documented() -> None:
    assert "```{carafe} hooks" in page("reference/hooks.md")
    text = "\n".join(carafe_reference.hooks())
    assert not [name for name in vars(Observer) if not name.startswith("_") and f"`{name}(" not in text]


def test_every_figure_is_documented() -> None:
    assert "```{carafe} metrics" in page("reference/metrics.md")
    rows = [line for line in carafe_reference.metrics() if line.startswith("| `")]
    for figure, row in zip(FIGURES, rows, strict=True):
        assert f"`{figure.name}` | {figure.kind.value} |" in row
        assert figure.about in row
        assert not [label for label in figure.labels if f"`{label}`" not in row]


def test_the_changelog_is_kept() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[Unreleased\]", text, flags=re.MULTILINE)


def test_every_decision_has_its_number_and_its_parts() -> None:
    decisions = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    for number, path in enumerate(decisions, start=1):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {number:04d}: ")
        assert path.name.startswith(f"{number:04d}-")
        for part in ("Status: ", "## Context", "## Decision", "## Road not taken"):
            assert part in text, path.name
