"""Flask: the application, the extension for a host's own application, and everything that speaks HTTP.

How a request goes: ``blueprint`` (or, ahead of Flask, ``mount`` and ``lane``) -> ``dispatch`` (who may, which view, and
what went wrong) -> ``views`` -> ``carafe.serving``.

* ``app``: create_app. ``extension``: Carafe(app). ``service``: what both are made of.
* ``routes``: the one table of routes, each with its permission and its documentation. ``route``: what an entry is.
* ``call``: a request and a reply without any framework. ``trace``: what becomes known of it on the way.
* ``gate``: who asks, and may they. ``query``: query parameters.
* ``documents``: what the management routes answer. ``openapi``: the OpenAPI document. ``assets``: the docs page.
"""

from carafe.web.app import create_app
from carafe.web.extension import Carafe

__all__ = ["Carafe", "create_app"]
