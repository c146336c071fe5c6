"""The routes of rollouts: a part of the one table."""

from __future__ import annotations

from carafe.access import Permission
from carafe.registry.rollout_documents import RolloutDocument, RolloutPage
from carafe.web.route import Parameter, Route, View
from carafe.web.views import rollouts

_PATH = "/models/<name>/aliases/<alias>/rollout"


def _turning(method: str, path: str, view: View, summary: str, *, conditional: bool = False) -> Route:
    return Route(
        method=method,
        path=path,
        permission=Permission.PROMOTE,
        view=view,
        summary=summary,
        gives=RolloutDocument,
        problems=(400, 404, 409, 412, 503),
        conditional=conditional,
        tag="rollouts",
    )


ROLLOUT_ROUTES = (
    Route(
        method="POST",
        path=_PATH,
        permission=Permission.PROMOTE,
        view=rollouts.begin,
        summary="Let a version take an alias over in steps",
        takes=rollouts.RolloutOrder,
        gives=RolloutDocument,
        status=201,
        problems=(400, 404, 409, 412, 413, 415, 422, 503),
        conditional=True,
        tag="rollouts",
    ),
    Route(
        method="GET",
        path=_PATH,
        permission=Permission.READ,
        view=rollouts.show,
        summary="An alias's last rollout, and what was seen of both versions in each step",
        gives=RolloutDocument,
        problems=(400, 404),
        tag="rollouts",
    ),
    _turning("DELETE", _PATH, rollouts.stop, "End a rollout: the alias points at what it had before", conditional=True),
    _turning("POST", f"{_PATH}/pause", rollouts.pause, "Let a rollout take no further step; it still turns back"),
    _turning("POST", f"{_PATH}/resume", rollouts.resume, "Let a paused rollout go on"),
    Route(
        method="GET",
        path="/models/<name>/rollouts",
        permission=Permission.READ,
        view=rollouts.past,
        summary="A model's rollouts, the latest first",
        gives=RolloutPage,
        query=(
            Parameter(name="page", about="Which page, from 1.", type="integer"),
            Parameter(name="page_size", about="How many items a page, 1 to 1000; 50 if not said.", type="integer"),
        ),
        problems=(400, 404),
        tag="rollouts",
    ),
)
