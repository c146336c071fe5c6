"""``carafe rollout``: let a version take an alias over in steps, and see how it does."""

from __future__ import annotations

import re
from typing import Any

import click

from carafe.access.account import account
from carafe.cli import said
from carafe.cli.home import opened_registry
from carafe.cli.reference import named_version
from carafe.cli.rollout_following import follow, show
from carafe.cli.terminal import print_json
from carafe.errors import InvalidName
from carafe.registry import Plan, State
from carafe.registry.rollout_documents import RolloutDocument
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BEGIN = "begin"


class _Rollout(click.Group):
    """A group whose commands need not be named where a version is: ``carafe rollout houses@5`` begins a rollout."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the command in front of a version, which has an @ that no command has."""
        first = next((arg for arg in args if not arg.startswith("-")), "")
        if first and first not in self.commands:
            if args[0] == first and "@" not in first and "@" in "".join(args[1:2]):
                ctx.fail(f"there is no command {first!r}: `carafe rollout {args[1]}` begins a rollout")
            args = [_BEGIN, *args]
        return super().parse_args(ctx, args)


class _Steps(click.ParamType[tuple[float, ...]]):
    """Percentages, such as 5,25,100."""

    name = "steps"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:  # noqa: ANN401 - as click declares it
        """Return the percentages that the text lists."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(part.strip().removesuffix("%")) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of percentages such as 5,25,100", param, ctx)


class _Duration(click.ParamType[float]):
    """A length of time, such as 90s, 10m or 1h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - as click declares it
        """Return the seconds that the text says."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", value.strip())
        if found is None:
            self.fail(f"{value!r} is no length of time such as 90s, 10m or 1h", param, ctx)
        seconds = float(found[1]) * _UNITS[found[2]]
        if not seconds:
            self.fail(f"{value!r} is no time at all: a step is watched for a while, such as 10s", param, ctx)
        return seconds


class _Percent(click.ParamType[float]):
    """A percentage, such as 1%."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - as click declares it
        """Return the percentage that the text says."""
        try:
            return float(value if isinstance(value, float) else value.strip().removesuffix("%"))
        except ValueError:
            self.fail(f"{value!r} is no percentage such as 1%", param, ctx)


_alias = click.option("--alias", default=CHAMPION, show_default=True, help="The name that the version takes over.")


@click.group("rollout", cls=_Rollout)
def command() -> None:
    """Let a version take an alias over in steps, and turn back by itself when it does worse.

    `carafe rollout houses@5` is `carafe rollout begin houses@5`.
    """


@command.command(_BEGIN)
@click.argument("ref", metavar="NAME@VERSION")
@_alias
@click.option("--steps", type=_Steps(), default="5,25,100", show_default=True, help="Its share in percent, by step.")
@click.option(
    "--every", type=_Duration(), default="10m", show_default=True, help="How long a step is watched at least."
)
@click.option(
    "--min-requests",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="How many requests it must have been asked in each step.",
)
@click.option(
    "--max-errors",
    type=_Percent(),
    default="1%",
    show_default=True,
    help="How many of its requests may fail, where no more fail of the version that answers now.",
)
@click.option(
    "--max-slower",
    type=float,
    default=2.0,
    show_default=True,
    help="How many times as long as that version's its 95th percentile may be.",
)
@said.reason
@said.force
@said.if_revision
@click.option("--detach", is_flag=True, help="Return once it has begun, instead of following it.")
@click.pass_context
def begin(  # noqa: PLR0913 - one for each option
    ctx: click.Context,
    *,
    ref: str,
    alias: str,
    steps: tuple[float, ...],
    every: float,
    min_requests: int,
    max_errors: float,
    max_slower: float,
    reason: str,
    force: bool,
    if_revision: int | None,
    detach: bool,
) -> None:
    """Let NAME@VERSION answer a small share of what is asked of an alias, then more, then all.

    Running services take the steps, this command only watches them do it: with Ctrl-C it ends, and the rollout goes
    on. It exits with 1 when the version has not taken over in the end, with 130 after Ctrl-C.
    """
    meant = named_version(ref)
    plan = Plan(steps=steps, every=every, min_requests=min_requests, max_errors=max_errors, max_slower=max_slower)
    with opened_registry() as registry:
        number = registry.resolve(meant).number
        begun = registry.rollouts.begin(
            meant.name,
            number,
            alias=alias,
            plan=plan,
            by=account(),
            reason=reason,
            expected=if_revision,
            force=force,
        )
        click.echo(
            f"rollout {begun.id} of {begun} has begun: version {begun.stable} answers all but {begun.percent:g} %"
        )
        if detach:
            click.echo(f"Next: carafe rollout status {_called(begun.name, alias)}")
        elif follow(registry, begun.name, alias).state is not State.DONE:
            ctx.exit(1)


@command.command("status")
@click.argument("model", metavar="NAME[@ALIAS]")
@click.option("--follow", "following", is_flag=True, help="Go on until it has ended.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def status(*, model: str, following: bool, as_json: bool) -> None:
    """Show the last rollout of NAME[@ALIAS]: where it is, and what was seen of both versions in each step."""
    name, alias = _meant(model)
    with opened_registry() as registry:
        watched = registry.rollouts.latest(name, alias)
        if as_json:
            print_json(RolloutDocument.seen(watched))
        elif following and watched.rollout.state.active:
            follow(registry, name, alias)
        else:
            show(watched)


@command.command("stop")
@click.argument("model", metavar="NAME[@ALIAS]")
@said.reason
@said.if_revision
def stop(*, model: str, reason: str, if_revision: int | None) -> None:
    """End the rollout of NAME[@ALIAS], which points at what it had before again."""
    name, alias = _meant(model)
    with opened_registry() as registry:
        ended = registry.rollouts.stop(name, alias, by=account(), reason=reason, expected=if_revision)
        now = registry.alias(name, alias).traffic
        click.echo(f"the rollout of {ended} has ended: {name}@{alias} is {now} again")


@command.command("pause")
@click.argument("model", metavar="NAME[@ALIAS]")
def pause(*, model: str) -> None:
    """Let the rollout of NAME[@ALIAS] take no further step. It still turns back when the version does worse."""
    name, alias = _meant(model)
    with opened_registry() as registry:
        paused = registry.rollouts.pause(name, alias, by=account())
    click.echo(f"the rollout of {paused} stays at {paused.percent:g} % until `carafe rollout resume`")


@command.command("resume")
@click.argument("model", metavar="NAME[@ALIAS]")
def resume(*, model: str) -> None:
    """Let the paused rollout of NAME[@ALIAS] go on."""
    name, alias = _meant(model)
    with opened_registry() as registry:
        running = registry.rollouts.resume(name, alias)
    click.echo(f"the rollout of {running} goes on at {running.percent:g} %")


def _meant(text: str) -> tuple[str, str]:
    """Return the model and the alias that ``houses`` or ``houses@staging`` means."""
    ref = ModelRef.parse(text)
    if ref.alias is None:
        raise InvalidName(f"{text}: got a version, expected a model or an alias, such as {ref.name}@{CHAMPION}")
    return ref.name, ref.alias


def _called(name: str, alias: str) -> str:
    return name if alias == CHAMPION else f"{name}@{alias}"
