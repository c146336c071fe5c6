"""The one table of routes: permission, view and documentation of each. What is not in here is not served."""

from __future__ import annotations

from carafe.access import Permission
from carafe.web.alias_routes import ALIAS_ROUTES
from carafe.web.documents import (
    Liveness,
    ModelDetail,
    ModelPage,
    ReadinessDocument,
    VersionDocument,
    VersionInfo,
    VersionPage,
)
from carafe.web.rollout_routes import ROLLOUT_ROUTES
from carafe.web.route import PUBLIC, TABLE, Body, Parameter, Route, View
from carafe.web.views import docs, health, metrics, models, predict, score, shadows

_PAGING = (
    Parameter(name="page", about="Which page, from 1.", type="integer"),
    Parameter(name="page_size", about="How many items a page, 1 to 1000; 50 if not said.", type="integer"),
    Parameter(name="task", about="Only those of this task.", choices=("classification", "regression")),
    Parameter(name="sort", about="The order.", choices=("name", "-name", "created", "-created")),
)
_PROBABILITIES = Parameter(
    name="probabilities",
    about="Add each class's probability, keyed by the label's text. A model that gives none refuses it.",
    type="boolean",
)

_TIMING = Parameter(
    name="timing",
    about="Say in the header Server-Timing how many milliseconds decoding, waiting, running and encoding took.",
    type="boolean",
)


def _predicting(path: str, view: View, summary: str) -> Route:
    return Route(
        method="POST",
        path=path,
        permission=Permission.PREDICT,
        view=view,
        summary=summary,
        takes=Body.ROWS,
        gives=Body.PREDICTIONS,
        query=(_PROBABILITIES, _TIMING),
        problems=(400, 404, 406, 413, 415, 422, 503, 504),
        lane=True,
        tag="predictions",
    )


_SCORING = (
    _PROBABILITIES,
    Parameter(name="keep", about="Which columns of the table are sent back.", choices=("all", "none")),
    Parameter(name="prediction", about="The name of the column of answers; prediction if not said."),
)


def _scoring(path: str, view: View, summary: str) -> Route:
    return Route(
        method="POST",
        path=path,
        permission=Permission.PREDICT,
        view=view,
        summary=summary,
        takes=Body.TABLE,
        gives=Body.SCORED,
        query=_SCORING,
        problems=(400, 404, 406, 413, 415, 422, 503, 504),
        protocol=TABLE,
        tag="predictions",
    )


ROUTES: tuple[Route, ...] = (
    _predicting("/predict", predict.predict_default, "Ask the default model"),
    _predicting("/models/<name>/predict", predict.predict, "Ask a model's champion"),
    _predicting("/models/<name>/versions/<number>/predict", predict.predict, "Ask one version"),
    _predicting("/models/<name>/aliases/<alias>/predict", predict.predict, "Ask the version an alias points at"),
    Route(
        method="POST",
        path="/models/<name>/transform",
        permission=Permission.PREDICT,
        view=predict.transform,
        summary="The champion's features after preprocessing",
        takes=Body.ROWS,
        gives=Body.FEATURES,
        problems=(400, 404, 406, 413, 415, 422, 503, 504),
        lane=True,
        tag="predictions",
    ),
    _scoring("/models/<name>/score", score.score, "Score a table with a model's champion"),
    _scoring("/models/<name>/versions/<number>/score", score.score, "Score a table with one version"),
    _scoring("/models/<name>/aliases/<alias>/score", score.score, "Score a table with the version of an alias"),
    Route(
        method="GET",
        path="/models",
        permission=Permission.READ,
        view=models.list_models,
        summary="The models",
        gives=ModelPage,
        query=(*_PAGING, Parameter(name="name", about="Only names that contain this.")),
        problems=(400,),
    ),
    Route(
        method="GET",
        path="/models/<name>",
        permission=Permission.READ,
        view=models.show_model,
        summary="A model",
        gives=ModelDetail,
        problems=(400, 404),
    ),
    Route(
        method="GET",
        path="/models/<name>/schema",
        permission=Permission.READ,
        view=models.show_schema,
        summary="The JSON Schema of a record",
        gives=Body.SCHEMA,
        problems=(400, 404),
    ),
    Route(
        method="GET",
        path="/models/<name>/shadows",
        permission=Permission.READ,
        view=shadows.show,
        summary="How the answers of a model's shadows differ",
        gives=shadows.ShadowsDocument,
        problems=(400, 404),
    ),
    Route(
        method="GET",
        path="/models/<name>/versions",
        permission=Permission.READ,
        view=models.list_versions,
        summary="A model's versions",
        gives=VersionPage,
        query=_PAGING,
        problems=(400, 404),
    ),
    Route(
        method="GET",
        path="/models/<name>/versions/<number>",
        permission=Permission.READ,
        view=models.show_version,
        summary="Everything that is known about a version",
        gives=VersionDocument,
        problems=(400, 404),
    ),
    Route(
        method="DELETE",
        path="/models/<name>/versions/<number>",
        permission=Permission.DELETE,
        view=models.delete_version,
        summary="Delete a version that no alias points at",
        gives=Body.NOTHING,
        status=204,
        problems=(400, 404, 409, 412),
    ),
    *ALIAS_ROUTES,
    *ROLLOUT_ROUTES,
    Route(
        method="GET",
        path="/health/live",
        permission=PUBLIC,
        view=health.live,
        summary="Whether the process runs",
        gives=Liveness,
        tag="service",
    ),
    Route(
        method="GET",
        path="/health/ready",
        permission=PUBLIC,
        view=health.ready,
        summary="Whether requests should be sent here",
        gives=ReadinessDocument,
        problems=(503,),
        tag="service",
    ),
    Route(
        method="GET",
        path="/metrics",
        permission=Permission.METRICS,
        view=metrics.show,
        summary="The figures of all workers, for Prometheus",
        gives=Body.TEXT,
        tag="service",
    ),
    Route(
        method="GET",
        path="/version",
        permission=PUBLIC,
        view=health.version,
        summary="Which Carafe this is",
        gives=VersionInfo,
        tag="service",
    ),
    Route(
        method="GET",
        path="/openapi.json",
        permission=Permission.READ,
        view=docs.openapi,
        summary="This document",
        gives=Body.SCHEMA,
        tag="service",
    ),
    Route(
        method="GET",
        path="/docs",
        permission=PUBLIC,
        view=docs.page,
        summary="A page that shows this document; it asks for a key",
        gives=Body.PAGE,
        tag="service",
    ),
    Route(
        method="GET",
        path="/docs/<asset>",
        permission=PUBLIC,
        view=docs.asset,
        summary="A file of that page",
        gives=Body.FILE,
        problems=(404,),
        tag="service",
    ),
)
