"""``carafe.load``: a published version, verified and ready to answer in this process."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from carafe.api.answers import Answers
from carafe.api.home import registry_at
from carafe.models.artefact import load_model
from carafe.registry import Version
from carafe.schema import ModelRef

if TYPE_CHECKING:
    from carafe.jobs.scoring.terms import Summary

_NAMED = 5
"""How many columns the short form of a model names."""


def load(reference: str, *, home: str | Path | None = None) -> LoadedModel:
    """Return a published model.

    Args:
        reference: ``"houses"`` (its champion), ``"houses@3"`` (a version) or ``"houses@staging"`` (an alias).
        home: where models are kept; ``CARAFE_HOME``, or ``~/.carafe``, where not given.

    Raises:
        InvalidName: when the reference is not well formed.
        NotFound: when there is no such model, version or alias.
        CorruptArtefact: when the stored files were damaged or changed, or answer differently than when sealed.
        MissingExtra: when the version needs an optional dependency that is not installed.
    """
    with closing(registry_at(home)) as registry:
        version = registry.resolve(ModelRef.parse(reference))
        return LoadedModel(version=version, model=load_model(registry.fetch(version)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel(Answers):
    """One published version in this process."""

    version: Version
    """Which version it is: ``version.name``, ``version.number``, and in ``version.manifest`` all that is known."""

    def predict_file(
        self,
        source: str | Path,
        output: str | Path,
        *,
        probabilities: bool = False,
        keep: Sequence[str] | None = None,
        strict: bool = False,
        force: bool = False,
    ) -> Summary:
        """Answer every row of a file that fits, and write the file again with the answers, in bounded memory.

        The formats are told by the names: CSV, JSON lines, Parquet, Arrow. Rows that do not fit are listed in
        ``<output>.rejected.csv``. A call that was interrupted is gone on with by the same call.

        Args:
            source: the file to read.
            output: the file to write; its column of answers is called ``prediction``.
            probabilities: add a column ``probability_<label>`` a class.
            keep: the columns of the input to write, too; all of them by default.
            strict: end at the first row that does not fit, and refuse columns that the model does not know.
            force: replace the output where it exists.

        Returns:
            What came of it: ``counts.scored``, ``counts.rejected``, ``rejected`` (the file of those), ``seconds``.

        Raises:
            UnreadableTable: when the file can't be read, or from some place on.
            InvalidInput: when its columns do not fit the model; with ``strict`` also when a row does not.
            UnknownColumn, InvalidParameter: when what is asked for can't be done, such as two columns of one name.
            OutputUnavailable: when the output exists, or can't be written.
            PredictionFailed: when the model fails on rows that fit.
        """
        from carafe.api.files import predict_file  # noqa: PLC0415 - loads polars, which rows do without

        files = (Path(source), Path(output))
        return predict_file(
            self.version, self.model, files, probabilities=probabilities, keep=keep, strict=strict, force=force
        )

    def __repr__(self) -> str:
        names = self.signature.names
        columns = [*names[:_NAMED], *(["..."] if len(names) > _NAMED else [])]
        return f"LoadedModel({self.version}: {self.signature.target.name} from {', '.join(columns)})"
