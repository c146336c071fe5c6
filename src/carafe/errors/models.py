"""Errors of models and their artefacts."""

from __future__ import annotations

from carafe.errors.base import CarafeError


class UnsupportedModel(CarafeError):
    """Raised when an estimator can't be published: not fitted, or made of types outside the fixed allow-list."""

    slug = "unsupported-model"
    title = "This model can't be published"


class CorruptArtefact(CarafeError):
    """Raised when an artefact's digest, signature, layout or golden predictions do not hold."""

    slug = "corrupt-artefact"
    title = "The stored model is damaged or was changed"


class LoadFailed(CarafeError):
    """Raised when a version's files are whole, and no model could be made of them in this process."""

    slug = "load-failed"
    title = "The model can't be loaded here"


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
