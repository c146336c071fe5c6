"""Carafe as a Flask extension: mounted in a host application, whose routes, hooks and error handlers stay its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from flask import Flask

from carafe.serving import Observer
from carafe.settings import Settings, variable
from carafe.web.blueprint import build_blueprint
from carafe.web.lane import Lane
from carafe.web.mount import mount
from carafe.web.routes import ROUTES
from carafe.web.service import Service, open_service

NAME = "carafe"
PREFIX = "/carafe"


class Carafe:
    """Mount Carafe in a Flask application.

    ::

        app = Flask(__name__)
        app.config["CARAFE_HOME"] = "/srv/models"
        Carafe(app, url_prefix="/ml")

    Settings come from the application's config, then from the environment, both under ``CARAFE_<SETTING>``. The
    service is found as ``app.extensions["carafe"]``. Keys are asked for as everywhere; the host's own sessions or
    log-ins mean nothing to Carafe.

    Args:
        app: the application; may be given later, to ``init_app``.
        url_prefix: where the routes begin; ``/carafe`` if not said.
        settings: instead of config and environment.
        service: a service that was put together elsewhere, for example over registries in memory.
        observers: who is told of every prediction.
        fast_lane: answer predictions ahead of Flask (see `carafe.web.mount`), if the settings allow it. Left out of a
            host's application unless asked for: its signals and its teardown would not hear of them. Where hooks of
            the application must run for every request, predictions go through Flask all the same.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        url_prefix: str = PREFIX,
        settings: Settings | None = None,
        service: Service | None = None,
        observers: Sequence[Observer] = (),
        fast_lane: bool = False,
    ) -> None:
        self._url_prefix = url_prefix
        self._settings = settings
        self._service = service
        self._observers = tuple(observers)
        self._fast_lane = fast_lane
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, *, url_prefix: str | None = None) -> Service:
        """Register the routes with ``app`` and return the service behind them."""
        prefix = (self._url_prefix if url_prefix is None else url_prefix).rstrip("/")
        settings = self._settings or Settings.load(**_configured(app))
        service = self._service or open_service(settings, observers=self._observers)
        app.register_blueprint(build_blueprint(service, ROUTES, name=NAME, prefix=prefix), url_prefix=prefix or None)
        app.extensions[NAME] = service
        if self._fast_lane and settings.fast_lane:
            mount(app, lane=Lane(service, ROUTES), service=service, prefix=prefix)
        return service


def _configured(app: Flask) -> dict[str, Any]:
    """Return the settings that the application's config holds."""
    return {
        item.name: app.config[variable(item.name)] for item in fields(Settings) if variable(item.name) in app.config
    }
