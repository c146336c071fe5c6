"""A table answered as a stream of bytes, with every record in its place: an answer, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from carafe.jobs.scoring.batch import Refused
from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.order import Order, check_order
from carafe.jobs.scoring.score import Scored, Scorer
from carafe.jobs.scoring.sinks.choose import sink_of
from carafe.jobs.scoring.sinks.json_lines import spliced
from carafe.jobs.scoring.sinks.sink import Sink
from carafe.jobs.scoring.sources.choose import source_of
from carafe.jobs.scoring.sources.input import opened
from carafe.jobs.scoring.sources.source import Layout, Wanted
from carafe.jobs.scoring.terms import Answerer

ERROR = "error"
"""The column that says why a record has no answer; null where it has one."""

_UTF8 = Layout(encoding="utf-8")


class Broken(Exception):
    """Raised when a reply breaks off after it has begun; what was wrong is its last record."""


def reply(
    answerer: Answerer,
    path: Path,
    formats: tuple[Format, Format],
    *,
    order: Order,
    tell: Callable[[Exception], str],
) -> Iterator[bytes]:
    """Yield the answers to a file, in the input's order, one record each.

    Nothing is yielded before the first batch is scored, so that what is wrong with the whole is raised first.

    Args:
        answerer: who answers.
        path: the file that is read; text is UTF-8.
        formats: of the file, and of the reply, which can't be Parquet.
        order: what is written beside the answers.
        tell: returns what the last record says of an error. A client sees it for certain; a server may end a reply that
            breaks off as if it were whole.

    Raises:
        UnreadableTable, InvalidInput, UnknownColumn, InvalidParameter, PredictionFailed: before the first piece.
        Broken: after it, for the same reasons, once they were told in a last record.
    """
    signature, (taken, given) = answerer.signature, formats
    raw = order.keep is None and taken is given is Format.JSONL
    with opened(path) as file:
        source = source_of(replace(file, name="the body", is_body=True), taken, signature=signature, layout=_UTF8)
        check_order(order, signature=signature, names=source.names, misfits=source.misfits, added=(ERROR,))
        kept = order.kept(source.names)
        names = (*kept, *order.answer_names(signature), ERROR)
        sink = sink_of(given, signature=signature, names=names, text=taken.text)
        scorer = Scorer(ask=answerer.ask, order=order, signature=signature, spreadsheet=given is Format.CSV)
        held, empty, begun = sink.begin(), pl.DataFrame(), False
        try:
            for batch in source.batches(Wanted(signature=signature, kept=kept, raw=raw)):
                scored = scorer.score(batch)
                empty = sink.table(scored).clear() if not raw else empty
                held += _placed(scored, sink, text=taken.text, raw=raw)
                if scored.batch.lines.size or scored.batch.refused:  # a stream of Arrow begins with an empty batch
                    begun = True
                    yield held
                    held = b""
        except Exception as error:
            if not begun:
                raise
            yield _reasons([f"broken off here: {tell(error)}"], empty, sink)
            raise Broken(str(error)) from error
        yield held + sink.end()


def _placed(scored: Scored, sink: Sink, *, text: bool, raw: bool) -> bytes:
    """Return a batch with a record for each refused one, in the order of the input."""
    batch = scored.batch
    lines, reasons = _told(batch.refused, text=text)
    order = np.argsort(np.concatenate([batch.lines, np.array(lines, dtype=np.int64)]), kind="stable")
    if raw:
        # not splitlines: a carriage return between two fields ends no line of JSON
        good = spliced(batch.raw, sink.write(_without_error(scored.answers))).split(b"\n")[:-1]
        both = [*good, *(msgspec.json.encode({ERROR: reason}) for reason in reasons)]
        return b"".join([both[index] + b"\n" for index in order])
    table = _without_error(sink.table(scored))
    if reasons:
        bad = pl.DataFrame({ERROR: reasons}, schema={ERROR: pl.String})
        table = pl.concat([table, bad], how="diagonal")[order]
    return sink.write(table)


def _reasons(reasons: Sequence[str], empty: pl.DataFrame, sink: Sink) -> bytes:
    bad = pl.DataFrame({ERROR: reasons}, schema={ERROR: pl.String})
    return sink.write(pl.concat([_without_error(empty), bad], how="diagonal") if empty.width else bad)


def _without_error(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.lit(None, dtype=pl.String).alias(ERROR))


def _told(refused: Sequence[Refused], *, text: bool) -> tuple[list[int], list[str]]:
    """Return where each refused record stands, and all that is wrong with it."""
    problems: dict[int, list[str]] = {}
    for one in refused:
        problems.setdefault(one.line, []).append(str(replace(one.problem, row=0)))
    place = "line" if text else "row"
    return list(problems), [f"{place} {line}, {'; '.join(each)}" for line, each in problems.items()]
