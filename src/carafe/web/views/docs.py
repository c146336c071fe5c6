"""The OpenAPI document, and the page that shows it without any network."""

from __future__ import annotations

from contextlib import suppress

from carafe.errors import NotFound
from carafe.registry import Query
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION
from carafe.web.assets import ASSETS, PAGE, read_asset
from carafe.web.call import Reply, document, written
from carafe.web.openapi import describe
from carafe.web.route import Context

MOST_TYPED = 200
"""How many models have their own typed paths in the document; further ones are covered by the general paths."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's own files only; nothing inline, nothing from elsewhere."""


def openapi(context: Context) -> Reply:
    """Return the OpenAPI 3.1 document of this service, with each model's own record and answer."""
    registry = context.service.registry
    versions = []
    for model in registry.models(Query(size=MOST_TYPED)).items:
        with suppress(NotFound):  # a model without a champion, or one that was deleted meanwhile
            versions.append(registry.resolve(ModelRef(name=model.name, alias=CHAMPION)))
    keys = not context.service.settings.open
    return document(describe(context.routes, versions=versions, base=context.call.base, keys=keys))


def page(context: Context) -> Reply:
    """Return the page; it asks for a key where the document needs one."""
    del context
    headers = (("Content-Security-Policy", POLICY), ("Cache-Control", "no-cache"))
    return written(read_asset(PAGE), kind="text/html; charset=utf-8", headers=headers)


def asset(context: Context) -> Reply:
    """Return one of the page's files."""
    name = context.parameters["asset"]
    if name not in ASSETS:
        raise NotFound(f"the docs page has no file {name[:60]!a}")
    path, kind = ASSETS[name]
    return written(read_asset(path), kind=kind, headers=(("Cache-Control", "public, max-age=3600"),))
