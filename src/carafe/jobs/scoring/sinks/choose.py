"""The writer of each format."""

from __future__ import annotations

from collections.abc import Sequence

from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.sinks.arrow import ArrowSink
from carafe.jobs.scoring.sinks.delimited import DelimitedSink
from carafe.jobs.scoring.sinks.json_lines import JsonLinesSink
from carafe.jobs.scoring.sinks.sink import Sink
from carafe.schema import Signature


def sink_of(
    format: Format,  # noqa: A002 - the word
    *,
    signature: Signature,
    names: Sequence[str],
    text: bool,
    delimiter: str = ",",
    begun: bool = False,
) -> Sink:
    """Return the writer of this format.

    Args:
        format: what is written.
        signature: that of the model.
        names: the columns that are written, in order.
        text: whether the input's values came without types.
        delimiter: what separates fields of CSV.
        begun: whether an earlier run wrote the beginning.
    """
    if format is Format.CSV:
        return DelimitedSink(names, delimiter=delimiter)
    if format is Format.JSONL:
        return JsonLinesSink(signature, text=text)
    return ArrowSink(signature, text=text, format=format, begun=begun)
