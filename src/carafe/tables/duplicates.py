"""Rows that come more than once, in one table or in two."""

from __future__ import annotations

import polars as pl

from carafe.tables.series import is_comparable


def count_duplicates(frame: pl.DataFrame) -> int:
    """Return how many rows repeat an earlier one."""
    known = _comparable(frame)
    return known.height - known.n_unique() if known.width and known.height else 0


def count_shared_rows(train: pl.DataFrame, test: pl.DataFrame) -> int:
    """Return how many rows of ``test`` stand in ``train`` as well, compared in the columns that both have.

    Missing values equal each other. Such rows are no evidence that a model can answer for rows it has not seen.
    """
    shared = [name for name in _comparable(test).columns if name in train.columns]
    if not shared or not test.height or not train.height:
        return 0
    known = train.select(shared).unique()
    return test.select(shared).join(known, on=shared, how="semi", nulls_equal=True).height


def _comparable(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select([name for name, dtype in frame.schema.items() if is_comparable(dtype)])
