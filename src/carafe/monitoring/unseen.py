"""Which columns held category values that training had not met."""

from __future__ import annotations

from collections.abc import Iterator

from carafe.schema import Rows, Signature


def unseen_by_column(signature: Signature, rows: Rows) -> Iterator[tuple[str, int]]:
    """Yield the name of each column with unseen categories, and how many of its values are."""
    for index, met in signature.known_categories:
        values = rows.columns[index] if rows.records is None else (record[index] for record in rows.records)
        count = sum(value is not None and value not in met for value in values)
        if count:
            yield signature.columns[index].name, count
