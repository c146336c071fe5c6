"""``carafe serve``: answer over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import fields
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import click

from carafe._version import __version__
from carafe.access import default_rate, ensure_administrator_key, open_keys
from carafe.errors import InvalidName, NotFound, StorageUnavailable
from carafe.registry import Query, Registry, open_registry
from carafe.registry.open import is_bucket
from carafe.settings import Settings, is_loopback

F = TypeVar("F", bound=Callable[..., Any])


def _setting(name: str, *flags: str, **how: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own options
    """Return an option for a setting; what it does is told where the setting is declared."""
    (item,) = (item for item in fields(Settings) if item.name == name)
    about = item.metadata["help"]
    told = f"{about} [default: {item.default}]" if item.default is not None and not how.get("is_flag") else about
    return click.option(*(flags or (f"--{name}",)), name, default=None, help=told, **how)


@click.command("serve")
@_setting("host", metavar="ADDRESS")
@_setting("port", type=int)
@_setting("workers", type=int)
@_setting("threads", type=int)
@_setting("pin", "--pin/--no-pin")
@_setting("open", is_flag=True)
@_setting("default_model", "--model", metavar="NAME")
@_setting("home", type=click.Path(file_okay=False, path_type=Path))
def command(**flags: Any) -> None:  # noqa: ANN401 - one value a setting
    """Serve the models of this home over HTTP, until Ctrl-C or SIGTERM."""
    settings = Settings.load(**flags)
    settings.check_open()
    import_module("carafe.serving.caches").check_caches(settings)
    default_rate(settings)  # says what is wrong with it before the workers would
    server = import_module("carafe.web.server")
    address = server.claim(settings)
    key, advice = _prepare(settings)
    server.run(settings, address, started=partial(_greet, settings, address.url, key, advice))


def _prepare(settings: Settings) -> tuple[str | None, str]:
    """Open the home once before the workers do; return a new home's administrator key, and what its models lack."""
    with (
        closing(open_registry(settings, to_be_forked=True)) as registry,
        closing(open_keys(settings)) as keys,
    ):
        if settings.artifacts_url is None:
            registry.tidy()  # what machines share is tidied by whoever publishes
        elif is_bucket(settings):
            _check_bucket(settings)
        key = None if settings.open else ensure_administrator_key(keys)
        return key, advise(registry, settings.default_model)


def _check_bucket(settings: Settings) -> None:
    """Return if the bucket of the models' files is this registry's, having asked in another process.

    What speaks to an object store does so in one process of a family, and this one is the parent of the workers.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as another:
        try:
            another.submit(_look, settings).result()
        except BrokenProcessPool as error:
            raise StorageUnavailable(
                "the process that looked at the place of the models' files was ended from outside before it could "
                "answer: look whether the system is short of memory, then try again"
            ) from error


def _look(settings: Settings) -> None:
    """Return if the place of the models' files is this registry's."""
    open_registry(settings).close()


def advise(registry: Registry, default: str | None) -> str:
    """Return what is to be said about the models before requests come; nothing where POST /predict can answer."""
    models = registry.models(Query(size=1)).total
    if not models:
        return "There is no model yet. Train one: carafe train DATA --target COLUMN"
    try:
        if default:
            registry.resolve(registry.default(default))
    except (NotFound, InvalidName) as error:
        return f"Warning: POST /predict can't answer by --model {default}: {error}"
    if models > 1 and not default:
        return f"There are {models} models: POST /predict needs --model NAME; POST /models/NAME/predict does not."
    return ""


def _greet(settings: Settings, url: str, key: str | None, advice: str) -> None:
    click.echo(f"Carafe {__version__} serves {settings.home}")
    click.echo(f"  API    {url}")
    click.echo(f"  docs   {url}/docs")
    if settings.open:
        click.echo("  open   no key is asked for, and only this machine is answered")
    if key is not None:
        click.echo(f"  key    {key}")
        click.echo("         the administrator's; shown this once, and only its digest is kept")
    if advice:
        click.echo(f"  {advice}")
    if not is_loopback(settings.host):
        click.echo("  Others can reach this address, and keys travel as they are: put TLS in front of it.")
