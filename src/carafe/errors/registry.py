"""Errors of names, versions, aliases and rollouts."""

from __future__ import annotations

from carafe.errors.base import CarafeError


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
    """Raised when no version that still exists answered alone before what an alias points at now."""

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
