"""One scoring job: from a source to a target, a batch at a time, with checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec

from carafe.errors import FieldProblem, InvalidInput, InvalidParameter
from carafe.jobs.scoring.batch import Position, Refused
from carafe.jobs.scoring.checkpoint import Counts, Job, input_digest
from carafe.jobs.scoring.formats import Format, delimiter_of
from carafe.jobs.scoring.order import Order, check_order
from carafe.jobs.scoring.rejected import rejected_rows
from carafe.jobs.scoring.score import Scored, Scorer
from carafe.jobs.scoring.sinks.choose import sink_of
from carafe.jobs.scoring.sinks.sink import Sink
from carafe.jobs.scoring.sources.choose import source_of
from carafe.jobs.scoring.sources.input import Input, opened
from carafe.jobs.scoring.sources.source import Source, Wanted
from carafe.jobs.scoring.stream_target import StreamTarget
from carafe.jobs.scoring.target import Files, FileTarget
from carafe.jobs.scoring.terms import Answerer, Reading, Step, Summary, Writing
from carafe.schema.rows import count_unseen

Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Take no note."""
    del step


def score_table(
    answerer: Answerer,
    reading: Reading,
    writing: Writing,
    *,
    order: Order = Order(),  # noqa: B008 - frozen
    progress: Progress = silent,
) -> Summary:
    """Answer every row of a table that fits, and write it down in the input's order.

    A file that was interrupted is gone on with by the same call, from the last finished batch: no row is lost and
    none comes twice.

    Args:
        answerer: who answers.
        reading: the table.
        writing: where the answers go.
        order: what is written beside the answers, and how strict to be.
        progress: is told after each batch.

    Raises:
        UnreadableTable: when the input can't be read, or from some place on.
        InvalidInput: when its columns do not fit the model; in a strict order also for the first row that does not.
        UnknownColumn, InvalidParameter: when the order can't be obeyed.
        OutputUnavailable: when the output exists, or can't be written.
        PredictionFailed: when the model fails on rows that fit.
    """
    began = time.perf_counter()
    with _opened(reading) as taken:
        source = source_of(taken, reading.format, signature=answerer.signature, layout=reading.layout)
        check_order(order, signature=answerer.signature, names=source.names, misfits=source.misfits)
        run = _Run(answerer=answerer, reading=reading, writing=writing, order=order, source=source)
        run.check_formats()
        target = run.target()
        try:
            counts = run.through(target, progress)
        except BaseException:
            try:
                target.save()
            except KeyboardInterrupt:  # one Ctrl-C can come twice: from polars at once, from Python a moment later
                target.save()
            raise
        finally:
            target.close()
    earlier = target.earlier.counts if target.earlier else Counts()
    files = run.files
    return Summary(
        version=answerer.name,
        counts=counts,
        seconds=time.perf_counter() - began,
        resumed=earlier.scored + earlier.rejected,
        restarted=target.note,
        output=files.output if files else None,
        rejected=(files.rejected if files else writing.rejected) if counts.rejected else None,
        carried=tuple(name for name in order.kept(source.names) if name not in answerer.signature.position),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A job whose input is open."""

    answerer: Answerer
    reading: Reading
    writing: Writing
    order: Order
    source: Source

    @property
    def files(self) -> Files | None:
        """Where it writes; None where that is a stream."""
        target = self.writing.target
        return Files.of(target, self.writing.rejected) if isinstance(target, Path) else None

    def check_formats(self) -> None:
        """Raise InvalidParameter for what the output's format can't hold, and for an output that is the input."""
        kept = self.order.kept(self.source.names)
        odd = [name for name in self.source.nested if name in kept]
        if odd and self.writing.format.text:
            raise InvalidParameter(
                f"column {odd[0]!r} holds lists, objects or bytes, which {self.writing.format} can't: write Parquet, "
                "or leave it out with --id or --only-predictions"
            )
        if self.files is None and self.writing.format is Format.PARQUET:
            raise InvalidParameter("Parquet can't be written to a pipe: name a file with -o, or choose --format arrow")
        if self.files is not None and isinstance(self.reading.source, Path):
            mine = {self.files.output.resolve(), self.files.rejected.resolve()}
            if self.reading.source.resolve() in mine:
                raise InvalidParameter(f"{self.reading.source} is the input: write the answers to another file")

    def target(self) -> FileTarget | StreamTarget:
        """Open the output."""
        if isinstance(self.writing.target, Path):
            return FileTarget(
                Files.of(self.writing.target, self.writing.rejected), self._job(), force=self.writing.force
            )
        return StreamTarget(self.writing.target, self.writing.rejected)

    def through(self, target: FileTarget | StreamTarget, progress: Progress) -> Counts:
        """Score what is left of the input and return the counts of the whole job."""
        earlier = target.earlier
        counts = earlier.counts if earlier else Counts()
        sink = self._sink(begun=earlier is not None)
        if not (earlier and earlier.complete):
            head = b"" if earlier else sink.begin()
            for scored in self._scored(earlier.position if earlier else None):
                rejected = rejected_rows(
                    scored.batch.refused, text=self.reading.format.text, header=not counts.rejected
                )
                counts = self._counted(counts, scored)
                body, end = head + sink.encode(scored), scored.batch.end
                target.append(body, rejected, position=end, counts=counts)
                head = b""
                progress(Step(done=scored.batch.done, counts=counts))
        target.finish(sink, sink.end())
        return counts

    def _scored(self, start: Position | None) -> Iterator[Scored]:
        kept = self.order.kept(self.source.names)
        wanted = Wanted(signature=self.answerer.signature, kept=kept, raw=self._raw)
        scorer = Scorer(
            ask=self.answerer.ask,
            order=self.order,
            signature=self.answerer.signature,
            spreadsheet=self.writing.format is Format.CSV,
        )
        for batch in self.source.batches(wanted, start=start):
            scored = scorer.score(batch)
            if self.order.strict and scored.batch.refused:
                raise InvalidInput([self._placed(one) for one in scored.batch.refused[:1]])
            yield scored

    def _sink(self, *, begun: bool) -> Sink:
        kept = self.order.kept(self.source.names)
        target = self.writing.target
        return sink_of(
            self.writing.format,
            signature=self.answerer.signature,
            names=(*kept, *self.order.answer_names(self.answerer.signature)),
            text=self.reading.format.text,
            delimiter=delimiter_of(target) if isinstance(target, Path) else ",",
            begun=begun,
        )

    @property
    def _raw(self) -> bool:
        """Whether lines of JSON are written as they came, the answers added."""
        return self.order.keep is None and self.reading.format is self.writing.format is Format.JSONL

    def _counted(self, counts: Counts, scored: Scored) -> Counts:
        batch = scored.batch
        return Counts(
            scored=counts.scored + batch.rows.count,
            rejected=counts.rejected + len({one.line for one in batch.refused}),
            unseen=counts.unseen + count_unseen(self.answerer.signature, batch.rows),
        )

    def _placed(self, refused: Refused) -> FieldProblem:
        """Return a problem that says where in the input it is."""
        place = f"{'line' if self.reading.format.text else 'row'} {refused.line}"
        field = ", ".join(filter(None, (place, refused.problem.field)))
        return replace(refused.problem, row=0, field=field)

    def _job(self) -> Job | None:
        """Return what must be the same for the job to be taken up again; None for an input that is no file."""
        path = self.reading.source
        if not isinstance(path, Path):
            return None
        facts = path.stat()
        options = (self.order, self.reading.format, self.writing.format, asdict(self.reading.layout))
        return Job(
            input=str(path.absolute()),
            size=facts.st_size,
            modified=facts.st_mtime_ns,
            digest=input_digest(path),
            version=self.answerer.name,
            artefact=self.answerer.artefact,
            options=msgspec.json.encode(options).decode(),
        )


@contextmanager
def _opened(reading: Reading) -> Iterator[Input]:
    if isinstance(reading.source, Path):
        with opened(reading.source) as found:
            yield found
    else:
        yield Input(name="standard input", read=reading.source.read)
