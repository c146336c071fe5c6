"""The application that ``carafe serve``, ``flask run`` and gunicorn serve."""

from __future__ import annotations

import sys

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from carafe.access import Keys, ensure_administrator_key
from carafe.errors import MalformedBody
from carafe.serving import Finished
from carafe.settings import Settings
from carafe.web.blueprint import call_of, guard, response_of
from carafe.web.dispatch import INTERNAL_ERROR, NOT_FOUND, failure, finished, nowhere, request_id_of, stated
from carafe.web.extension import NAME, Carafe
from carafe.web.routes import ROUTES
from carafe.web.service import Service


def create_app(settings: Settings | None = None, *, service: Service | None = None) -> Flask:
    """Return a Flask application that serves the models of a home.

    The first one over a home that asks for keys prints the administrator's key on standard output, once.

    Args:
        settings: from the environment (``CARAFE_HOME`` and so on) if not given.
        service: a service that was put together elsewhere, instead of one over the home.

    Raises:
        InvalidSetting, OpenModeRefused: when the settings can't be used.
        NewerHome, DamagedHome, StorageUnavailable: when the home can't be opened.
    """
    app = Flask("carafe", static_folder=None)
    app.url_map.merge_slashes = False
    own = service is None
    service = Carafe(url_prefix="", settings=settings, service=service, fast_lane=True).init_app(app)
    if own and not service.settings.open:
        _tell_first_key(service.keys)
    app.before_request(guard(service, ROUTES, name=NAME, prefix=""))
    app.register_error_handler(HTTPException, lambda error: _problem(service, error))
    return app


def _tell_first_key(keys: Keys) -> None:
    """Print a new home's administrator key; never through logging, which may keep it in a file."""
    key = ensure_administrator_key(keys)
    if key is not None:
        sys.stdout.write(f"Carafe: the administrator's key, shown this once: {key}\n")
        sys.stdout.flush()


def _problem(service: Service, error: HTTPException) -> Response:
    """Return what the framework itself refuses as a problem document; observers are told of it as of any other."""
    call = call_of(request, service, prefix="")
    request_id = request_id_of(call)
    if isinstance(error, (NotFound, MethodNotAllowed)):  # a method of a path in the table never comes so far
        slug, reply = NOT_FOUND, nowhere(request.path, "", request_id=request_id)
    elif error.code == 400:
        slug = MalformedBody.slug
        reply = stated(slug, "The request can't be read", "it is not well formed", request_id=request_id)
    else:
        slug, reply = INTERNAL_ERROR, failure(request_id=request_id)
    event = Finished(
        route=None,
        method=call.method,
        status=reply.status,
        seconds=0.0,  # Carafe's own lines took no time worth telling, and the framework does not say
        request_id=request_id,
        path=call.path,
        slug=slug,
        peer=call.peer,
    )
    service.observers.finished(event)
    return response_of(finished(reply, request_id=request_id))
