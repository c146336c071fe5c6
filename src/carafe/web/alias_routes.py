"""The part of the table of routes that is about aliases, their history and the gates before them."""

from __future__ import annotations

from carafe.access import Permission
from carafe.registry.alias_documents import AliasDocument, GatesDocument
from carafe.web.alias_documents import AliasChange, AliasList, HistoryPage, Turn
from carafe.web.route import Body, Parameter, Route
from carafe.web.views import aliases

ALIAS_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/models/<name>/aliases",
        permission=Permission.READ,
        view=aliases.list_aliases,
        summary="A model's aliases",
        gives=AliasList,
        problems=(400, 404),
    ),
    Route(
        method="GET",
        path="/models/<name>/aliases/<alias>",
        permission=Permission.READ,
        view=aliases.show_alias,
        summary="What an alias points at, or pointed at in a moment",
        gives=AliasDocument,
        query=(Parameter(name="at", about="A moment as RFC 3339 writes it, or a day for its end; now if not said."),),
        problems=(400, 404),
        tagged=True,
    ),
    Route(
        method="PUT",
        path="/models/<name>/aliases/<alias>",
        permission=Permission.PROMOTE,
        view=aliases.point_alias,
        summary="Let an alias point at a version, or share its requests among several",
        takes=AliasChange,
        gives=AliasDocument,
        problems=(400, 404, 409, 412, 413, 415, 422, 503),
        tagged=True,
        conditional=True,
    ),
    Route(
        method="DELETE",
        path="/models/<name>/aliases/<alias>",
        permission=Permission.PROMOTE,
        view=aliases.drop_alias,
        summary="Forget an alias",
        gives=Body.NOTHING,
        status=204,
        problems=(400, 404, 412),
        conditional=True,
    ),
    Route(
        method="POST",
        path="/models/<name>/aliases/<alias>/rollback",
        permission=Permission.PROMOTE,
        view=aliases.roll_back,
        summary="Point an alias back at the version that answered before",
        takes=Turn,
        body_optional=True,
        gives=AliasDocument,
        problems=(400, 404, 409, 412, 413, 415, 422, 503),
        tagged=True,
        conditional=True,
    ),
    Route(
        method="GET",
        path="/models/<name>/history",
        permission=Permission.READ,
        view=aliases.show_history,
        summary="What happened to a model: who, when, from what to what, and why",
        gives=HistoryPage,
        query=(
            Parameter(name="page", about="Which page, from 1: the latest.", type="integer"),
            Parameter(name="page_size", about="How many entries a page, 1 to 1000; 50 if not said.", type="integer"),
            Parameter(name="alias", about="Only what happened to this alias."),
            Parameter(name="until", about="Only what had happened by this moment, as RFC 3339 writes it, or day."),
        ),
        problems=(400, 404),
    ),
    Route(
        method="GET",
        path="/models/<name>/gates",
        permission=Permission.READ,
        view=aliases.show_gates,
        summary="What a version must fulfil before it may answer as champion",
        gives=GatesDocument,
        problems=(400, 404),
    ),
    Route(
        method="PUT",
        path="/models/<name>/gates",
        permission=Permission.PROMOTE,
        view=aliases.set_gates,
        summary="Change what a version must fulfil before it may answer as champion",
        takes=GatesDocument,
        gives=GatesDocument,
        problems=(400, 404, 412, 413, 415, 422),
    ),
)
