"""The reader of each format."""

from __future__ import annotations

from carafe.jobs.scoring.arrow_stream import MAGIC
from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.sources.arrow import ArrowSource
from carafe.jobs.scoring.sources.delimited import DelimitedSource
from carafe.jobs.scoring.sources.input import Input
from carafe.jobs.scoring.sources.json_lines import JsonLinesSource
from carafe.jobs.scoring.sources.lazy import LazySource
from carafe.jobs.scoring.sources.source import Layout, Source
from carafe.schema import Signature


def source_of(source: Input, format: Format, *, signature: Signature, layout: Layout) -> Source:  # noqa: A002 - the word
    """Return the reader of this input.

    Raises:
        UnreadableTable: when it can't be read as this format.
        InvalidSetting: when ``layout`` says what can't be.
    """
    if format is Format.CSV:
        return DelimitedSource(source, layout)
    if format is Format.JSONL:
        return JsonLinesSource(source, layout)
    if format is Format.PARQUET or _is_arrow_file(source):
        return LazySource(source, signature, format=format)
    return ArrowSource(source, signature)


def _is_arrow_file(source: Input) -> bool:
    """Tell whether a file is an Arrow file, and not an Arrow stream that was saved."""
    if source.file is None:
        return False
    head = source.file.read(len(MAGIC))
    source.file.seek(0)
    return head == MAGIC
