"""``carafe.publish``: any fitted scikit-learn estimator becomes a version that answers over REST."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from carafe.access.account import account
from carafe.api.home import registry_at
from carafe.models.publication import describe
from carafe.models.sealing import seal
from carafe.registry import Promotion, Version
from carafe.schema.exchange import check_name


def publish(  # noqa: PLR0913 - what may be said of a version
    estimator: object,
    name: str,
    *,
    sample: Any,  # noqa: ANN401 - any table, see below
    target: str = "target",
    metrics: Mapping[str, float] | None = None,
    promote: Promotion | str = Promotion.FIRST_ONLY,
    reason: str = "",
    home: str | Path | None = None,
) -> Version:
    """Publish a fitted estimator as the next version of the model called ``name``, and return that version.

    The estimator is stored as data, never pickled; a few of its answers are stored with it and repeated whenever it is
    loaded. Clients send records; serving rebuilds from them the kind of table that the estimator was fitted on, with
    the same column order and types, and this call proves on the sample that the answers are the same.

    Args:
        estimator: a fitted scikit-learn classifier, regressor, pipeline or finished search, LightGBM's scikit-learn
            estimators included.
        name: 1 to 64 lower-case letters, digits, ``-``, ``_`` or ``.``.
        sample: rows as the estimator takes them, without the target: a pandas or polars frame, an array of shape
            (rows, columns), a list of lists or of dictionaries, a list of strings for a text pipeline. Types,
            categories, ranges and missing values are learnt from it, so give some hundred rows of the training table.
            The columns of an array are called x1, x2, ... .
        target: what the answer is called in the documentation of the model.
        metrics: figures that you measured on rows it never saw, by name, the main one first.
        promote: ``"first-only"`` (the first version answers as the model's champion, a later one only when promoted),
            ``"always"``, or ``"if-better"`` than the champion on the same held-out rows; a version that the model's
            gates refuse is published and not promoted.
        reason: why, for the history; that this account did it is kept with it.
        home: where models are kept; ``CARAFE_HOME``, or ``~/.carafe``, where not given.

    Raises:
        UnsupportedModel: when the estimator is not fitted, is no classifier or regressor, answers with more than one
            output, or is made of types that Carafe does not load, such as lambdas and classes of your own.
        InvalidName: when ``name`` is not well formed.
        InvalidParameter: when ``promote`` is none of these, or ``metrics`` are no finite numbers by name.
    """
    check_name(name)
    promotion = Promotion.parse(promote)
    publication = describe(estimator, name=name, sample=sample, target=target, metrics=metrics or {})
    with closing(registry_at(home)) as registry, registry.staging() as folder:
        seal(
            directory=folder,
            key=registry.key,
            manifest=publication.manifest,
            estimator=publication.estimator,
            sample=publication.sample,
        )
        return registry.publish(name=name, staged=folder, promote=promotion, by=account(), reason=reason)
