"""Every error as an RFC 9457 problem document, and the one table from an error's slug to its HTTP status."""

from __future__ import annotations

import msgspec

from carafe.errors import CarafeError, InvalidDocument, InvalidInput

STATUS: dict[str, int] = {
    "malformed-body": 400,
    "invalid-parameter": 400,
    "invalid-name": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "model-not-found": 404,
    "version-not-found": 404,
    "alias-not-found": 404,
    "rollout-not-found": 404,
    "no-default-model": 404,
    "key-not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "version-in-use": 409,
    "promotion-refused": 409,
    "nothing-to-roll-back": 409,
    "rollout-conflict": 409,
    "output-unavailable": 409,
    "alias-changed": 412,
    "precondition-failed": 412,
    "body-too-large": 413,
    "unsupported-media-type": 415,
    "invalid-input": 422,
    "invalid-document": 422,
    "invalid-traffic": 422,
    "invalid-rollout": 422,
    "unreadable-table": 422,
    "ragged-table": 422,
    "unknown-column": 422,
    "invalid-recipe": 422,
    "untrainable-table": 422,
    "unsupported-model": 422,
    "rate-limited": 429,
    "error": 500,
    "internal-error": 500,
    "prediction-failed": 500,
    "training-failed": 500,
    "invalid-setting": 500,
    "open-mode-refused": 500,
    "address-unavailable": 500,
    "newer-home": 500,
    "damaged-home": 503,
    "corrupt-backup": 400,
    "backup-unavailable": 503,
    "home-not-empty": 409,
    "storage-unavailable": 503,
    "corrupt-artefact": 503,
    "load-failed": 503,
    "newer-artefact": 503,
    "missing-extra": 503,
    "server-busy": 503,
    "deadline-exceeded": 504,
    "still-loading": 503,
    "model-too-large": 507,
}
"""The status of every slug; a slug that is missing here is a fault of the server, 500."""


PLAIN = frozenset({"server-busy", "deadline-exceeded", "still-loading", "model-too-large"})
"""Faults of the server whose message names nothing but the model that was asked, and so is told as it is."""


class Misfit(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with one field of what came: of a row, counted from 0, or of a document, which has none."""

    row: int | msgspec.UnsetType = msgspec.UNSET
    field: str
    got: str
    expected: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document. ``type`` is a stable name, ``detail`` is for people, ``errors`` for programs."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: tuple[Misfit, ...] = ()


def status_of(error: CarafeError) -> int:
    """Return the HTTP status that tells this error's story."""
    return STATUS.get(error.slug, 500)


def is_outage(error: CarafeError) -> bool:
    """Tell whether something is away that was foreseen to be, such as a database: its message says all there is."""
    return status_of(error) > 500


def problem_of(error: CarafeError, *, request_id: str) -> Problem:
    """Return the document that tells ``error`` to a client.

    What went wrong inside the server (status 500 and above, those of PLAIN aside) is not told, because messages may
    name files: the detail gives the request id, under which the server's log has the story.
    """
    told = status_of(error) < 500 or error.slug in PLAIN
    detail = str(error) if told else f"The server's log has the reason under request id {request_id}."
    errors: tuple[Misfit, ...] = ()
    if isinstance(error, InvalidInput):
        errors = tuple(
            Misfit(row=one.row, field=one.field, got=one.got, expected=one.expected) for one in error.problems
        )
    elif isinstance(error, InvalidDocument):
        errors = tuple(Misfit(field=one.field, got=one.got, expected=one.expected) for one in error.problems)
    return problem(slug=error.slug, title=error.title, detail=detail, request_id=request_id, errors=errors)


def problem(
    *,
    slug: str,
    title: str,
    detail: str,
    request_id: str,
    errors: tuple[Misfit, ...] = (),
) -> Problem:
    """Return a problem document for a slug of the table above."""
    return Problem(
        type=f"urn:carafe:problem:{slug}",
        title=title,
        status=STATUS.get(slug, 500),
        detail=detail,
        request_id=request_id,
        errors=errors,
    )
