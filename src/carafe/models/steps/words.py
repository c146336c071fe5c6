"""Texts, as weights of their words."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import check_is_fitted, validate_data

from carafe.models.steps.frames import Frame, names_of


class Words(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """TF-IDF weights of the words of one text column: (n, 1) in, sparse float64 (n, words) out.

    scikit-learn's TfidfVectorizer does the work; this step lets it stand in a frame's pipeline: a missing text has no
    words, a column without any repeated word gives no features instead of an error, and features are called
    ``<column>_<words>``. Words met for the first time in serving count for nothing.

    Args:
        shortest: the shortest run of words that is a feature.
        longest: the longest run.
        minimum_rows: how many training rows a run must occur in; None = one in a hundred, from 2 to ``usual_rows``.
        usual_rows: the most that ``minimum_rows`` of None asks for.
        maximum_features: how many runs are kept at most, the most frequent first.
    """

    def __init__(
        self,
        *,
        shortest: int = 1,
        longest: int = 2,
        minimum_rows: int | None = None,
        usual_rows: int = 5,
        maximum_features: int | None = None,
    ) -> None:
        self.shortest = shortest
        self.longest = longest
        self.minimum_rows = minimum_rows
        self.usual_rows = usual_rows
        self.maximum_features = maximum_features

    def fit(self, X: Frame, y: object = None) -> Self:  # noqa: N803, ARG002 - scikit-learn's names
        """Learn ``vectorizer_``: the vocabulary and how rare each run of words is; None where no run is kept."""
        texts = self._texts(X, reset=True)
        fewest = max(2, min(self.usual_rows, len(texts) // 100)) if self.minimum_rows is None else self.minimum_rows
        vectorizer = TfidfVectorizer(
            ngram_range=(self.shortest, self.longest),
            min_df=fewest,
            max_features=self.maximum_features,
            sublinear_tf=True,
            strip_accents="unicode",
        )
        try:
            self.vectorizer_: TfidfVectorizer | None = vectorizer.fit(texts)
        except ValueError:  # scikit-learn: empty vocabulary, or no terms remain
            self.vectorizer_ = None
        return self

    def transform(self, X: Frame) -> csr_matrix:  # noqa: N803 - scikit-learn's name
        """Return the weights, sparse float64 of shape (n, words)."""
        check_is_fitted(self)
        texts = self._texts(X, reset=False)
        if self.vectorizer_ is None:
            return csr_matrix((len(texts), 0), dtype=np.float64)
        return self.vectorizer_.transform(texts)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return ``<column>_<words>`` for each run of words."""
        check_is_fitted(self)
        name = names_of(self, input_features)[0]
        runs = [] if self.vectorizer_ is None else self.vectorizer_.get_feature_names_out()
        return np.array([f"{name}_{run}" for run in runs], dtype=object)

    def _texts(self, frame: Frame, *, reset: bool) -> list[str]:
        validate_data(self, frame, reset=reset, skip_check_array=True)
        if self.n_features_in_ != 1:
            raise ValueError(f"Words takes one text column, got {self.n_features_in_}")
        return ["" if text is None else str(text) for text in np.asarray(frame, dtype=object).ravel()]
