"""Every error Carafe raises, as a story about tables, models and keys. It knows no HTTP.

Each class has a stable ``slug`` (kebab-case, never renamed once released) by which scripts, problem documents and
the documentation name it. A message says what came, what was expected and what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class CarafeError(Exception):
    """Base of every error that Carafe raises on purpose."""

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "Carafe could not do this"

    retry_seconds: float | None = None
    """After how many seconds another try is sensible; None where trying again changes nothing by itself."""


# --- configuration -------------------------------------------------------------------------------------------------


class InvalidSetting(CarafeError):
    """Raised when a setting, from a flag or from the environment, has a value that can't be used."""

    slug = "invalid-setting"
    title = "A setting has a value that can't be used"


class OpenModeRefused(CarafeError):
    """Raised when serving without keys is asked for on an address that others can reach."""

    slug = "open-mode-refused"
    title = "Serving without keys is only allowed on this machine's loopback address"


class AddressUnavailable(CarafeError):
    """Raised when the server can't listen where it is asked to: the port is taken, or the address is not ours."""

    slug = "address-unavailable"
    title = "The server can't listen on this address"


class MissingExtra(CarafeError):
    """Raised when a feature needs an optional dependency that is not installed; the message names the extra."""

    slug = "missing-extra"
    title = "An optional part of Carafe is not installed"

    EXTRAS: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("polars", "narwhals", "fastexcel", "sklearn", "skops", "lightgbm", "tomlkit"), "train"),
        **dict.fromkeys(("pandas", "pyarrow"), "pandas"),
        "redis": "redis",
        "psycopg": "postgres",
        "obstore": "objectstore",
    }
    """Each optional library, as it is imported, and the extra that installs it."""

    @classmethod
    def of(cls, who: str, error: ImportError) -> MissingExtra:
        """Return the error for ``who``, such as "this model"; a library of no extra is taken for train's."""
        library = (error.name or "").partition(".")[0]
        return cls(f"{who} needs {library}: pip install 'carafe-serve[{cls.EXTRAS.get(library, 'train')}]'")


class NewerHome(CarafeError):
    """Raised when CARAFE_HOME, or a backup, was written by a newer Carafe than the one that opens it."""

    slug = "newer-home"
    title = "This home, or its backup, was written by a newer Carafe"


class DamagedHome(CarafeError):
    """Raised when a file of CARAFE_HOME, the database or the secret, is not what Carafe wrote."""

    slug = "damaged-home"
    title = "A file of this home is damaged"


class StorageUnavailable(CarafeError):
    """Raised when the disk or the database can't be read or written now; nothing was changed."""

    slug = "storage-unavailable"
    title = "The models' storage can't be used now"


class CorruptBackup(CarafeError):
    """Raised when a file is no backup, or not any more what `carafe backup` wrote: nothing is restored from it."""

    slug = "corrupt-backup"
    title = "The backup is damaged, or is none"


class HomeNotEmpty(CarafeError):
    """Raised when a backup is to be restored into a home that has something in it already; that stays as it is."""

    slug = "home-not-empty"
    title = "The home is not empty"


# --- tables and recipes --------------------------------------------------------------------------------------------


class UnreadableTable(CarafeError):
    """Raised when a table can't be read: no such file, unknown format, broken encoding, failing query."""

    slug = "unreadable-table"
    title = "The table can't be read"


class RaggedTable(UnreadableTable):
    """Raised when lines of a delimited file have another number of fields than its header; names the lines."""

    slug = "ragged-table"
    title = "Some lines have another number of fields than the header"


class OutputUnavailable(CarafeError):
    """Raised when a file of results can't be written: it exists, another process writes it, or the disk is full."""

    slug = "output-unavailable"
    title = "The output can't be written"


class UnknownColumn(CarafeError):
    """Raised when a column is named that the table does not have; suggests the nearest names."""

    slug = "unknown-column"
    title = "The table has no such column"


class InvalidRecipe(CarafeError):
    """Raised when a recipe can't be obeyed: unknown key, wrong type, or steps that contradict each other."""

    slug = "invalid-recipe"
    title = "The recipe can't be obeyed"


class UntrainableTable(CarafeError):
    """Raised when no model can be learnt from the table: too few rows, a constant target, no usable column."""

    slug = "untrainable-table"
    title = "No model can be learnt from this table"


class TrainingFailed(CarafeError):
    """Raised when an algorithm fails on data that passed every check."""

    slug = "training-failed"
    title = "Training failed"


# --- models and artefacts ------------------------------------------------------------------------------------------


class UnsupportedModel(CarafeError):
    """Raised when an estimator can't be published: not fitted, or made of types outside the fixed allow-list."""

    slug = "unsupported-model"
    title = "This model can't be published"


class CorruptArtefact(CarafeError):
    """Raised when an artefact's digest, signature, layout or golden predictions do not hold."""

    slug = "corrupt-artefact"
    title = "The stored model is damaged or was changed"


class NewerArtefact(CarafeError):
    """Raised when an artefact has a format number that this Carafe does not know yet."""

    slug = "newer-artefact"
    title = "The stored model was written by a newer Carafe"


class ModelTooLarge(CarafeError):
    """Raised when a version needs more memory than all loaded versions together may take."""

    slug = "model-too-large"
    title = "The model is larger than what may be loaded"


class PredictionFailed(CarafeError):
    """Raised when a model fails on rows that passed validation."""

    slug = "prediction-failed"
    title = "The model failed on a valid request"


# --- registry ------------------------------------------------------------------------------------------------------


class InvalidName(CarafeError):
    """Raised when a model's or alias's name, or a reference such as ``houses@3``, is not well formed."""

    slug = "invalid-name"
    title = "The name is not well formed"


class NotFound(CarafeError):
    """Base of "there is no such thing"."""

    slug = "not-found"
    title = "There is no such thing"


class ModelNotFound(NotFound):
    """Raised when no model has this name."""

    slug = "model-not-found"
    title = "There is no such model"


class VersionNotFound(NotFound):
    """Raised when a model has no such version."""

    slug = "version-not-found"
    title = "There is no such version"


class AliasNotFound(NotFound):
    """Raised when a model has no such alias."""

    slug = "alias-not-found"
    title = "There is no such alias"


class NoDefaultModel(NotFound):
    """Raised when a request names no model and there is none, or more than one and none was chosen."""

    slug = "no-default-model"
    title = "There is no default model"


class VersionInUse(CarafeError):
    """Raised when a version that an alias points to is to be deleted."""

    slug = "version-in-use"
    title = "The version is in use"


class InvalidTraffic(CarafeError):
    """Raised when an alias is to share its requests in a way that makes no sense, as by percentages beyond 100."""

    slug = "invalid-traffic"
    title = "Requests can't be shared like this"


class AliasChanged(CarafeError):
    """Raised when an alias is no longer what whoever changes it has seen; look again, then decide."""

    slug = "alias-changed"
    title = "The alias was changed meanwhile"


class PromotionRefused(CarafeError):
    """Raised when a version does not pass a model's gates, which stand before its champion; says which, and why."""

    slug = "promotion-refused"
    title = "The version does not pass the model's gates"


class NothingToRollBack(CarafeError):
    """Raised when an alias never pointed at another version that still exists."""

    slug = "nothing-to-roll-back"
    title = "There is nothing to roll back to"


class InvalidRollout(CarafeError):
    """Raised when a rollout is asked for whose steps or bounds can't be followed, or that has nothing to take over."""

    slug = "invalid-rollout"
    title = "The rollout can't be done as it was asked for"


class RolloutNotFound(NotFound):
    """Raised when an alias never had a rollout."""

    slug = "rollout-not-found"
    title = "There is no such rollout"


class RolloutConflict(CarafeError):
    """Raised when an alias has a rollout already, or when the one that is to be changed has ended."""

    slug = "rollout-conflict"
    title = "The rollout is in another state"


# --- requests ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One thing wrong with one field of one row, which are counted from 0; the field is empty where a row is wrong.

    ``got`` is what came, shortened, as JSON where it is a value; ``expected`` is what would have been accepted.
    """

    row: int
    field: str
    got: str
    expected: str

    def __str__(self) -> str:
        where = f"row {self.row}, " if self.row else ""
        return f"{where}{self.field or 'record'}: got {self.got}, expected {self.expected}"


class InvalidInput(CarafeError):
    """Raised when rows do not fit the model's signature; carries every field's problem, not only the first."""

    slug = "invalid-input"
    title = "The input does not fit the model"

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems[:5])) + ("; ..." if len(self.problems) > 5 else ""))


class MalformedBody(CarafeError):
    """Raised when a body is not what its format promises: broken JSON, broken CSV, invalid UTF-8."""

    slug = "malformed-body"
    title = "The body can't be parsed"


class UnsupportedMediaType(CarafeError):
    """Raised when a body comes in a format that the route does not take."""

    slug = "unsupported-media-type"
    title = "The body's type is not supported here"


class NotAcceptable(CarafeError):
    """Raised when a client accepts only formats that the route can't answer in."""

    slug = "not-acceptable"
    title = "No acceptable answer format"


class BodyTooLarge(CarafeError):
    """Raised when a body has more bytes or rows than the settings allow."""

    slug = "body-too-large"
    title = "The body is too large"


class InvalidParameter(CarafeError):
    """Raised when a query parameter, a path segment or an argument has a value that can't be used."""

    slug = "invalid-parameter"
    title = "A parameter has a value that can't be used"


class ServerBusy(CarafeError):
    """Raised when as many requests wait for a model as may, or one has waited as long as it may; ask again later."""

    slug = "server-busy"
    title = "Too many requests are waiting"
    retry_seconds = 1


class DeadlineExceeded(CarafeError):
    """Raised when the time that a client gave for an answer is over; its rows did not reach the model."""

    slug = "deadline-exceeded"
    title = "The time that the client gave is over"


class StillLoading(ServerBusy):
    """Raised when a version is being loaded for longer than a request, or a promotion, may wait; ask again later."""

    slug = "still-loading"
    title = "The model is still being loaded"


# --- access --------------------------------------------------------------------------------------------------------


class Unauthenticated(CarafeError):
    """Raised when no key came, or one that is unknown, malformed or revoked; never says which."""

    slug = "unauthenticated"
    title = "A valid key is needed"


class Forbidden(CarafeError):
    """Raised when a principal lacks the permission that a route declares."""

    slug = "forbidden"
    title = "This key does not permit that"


class RateLimited(CarafeError):
    """Raised when a key has asked as much as it may for now; says when it may ask again."""

    slug = "rate-limited"
    title = "This key has asked as much as it may for now"

    def __init__(self, message: str, *, retry_seconds: float) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class KeyNotFound(NotFound):
    """Raised when there is no API key with this identifier."""

    slug = "key-not-found"
    title = "There is no such key"
