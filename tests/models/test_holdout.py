"""Held-out rows come back as they were, are bounded, and do no harm to whoever does not know them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from carafe.errors import CorruptArtefact
from carafe.models.artefact import load_model
from carafe.models.holdout import MOST_BYTES, MOST_ROWS, Holdout, encode_holdout, read_holdout
from carafe.models.publication import Publication
from carafe.models.sealing import seal
from carafe.models.verification import HOLDOUT, open_artefact
from carafe.schema import Column, Kind, Rows, Signature, Target, Task

KEY = b"k" * 32
SIGNATURE = Signature(
    columns=(Column(name="n", kind=Kind.NUMBER, nullable=True), Column(name="t", kind=Kind.TEXT)),
    target=Target(name="y", task=Task.REGRESSION),
)


def rows(count: int, *, text: str = "x") -> Rows:
    return Rows((np.arange(count, dtype=np.float64), np.array([text] * count, dtype=object)))


def kept(content: bytes | None) -> Holdout:
    assert content is not None
    return msgspec.json.decode(content, type=Holdout)


def test_rows_come_back_with_their_truth() -> None:
    held = kept(encode_holdout(SIGNATURE, rows(3), np.array([1.0, 2.5, 3.0])))
    assert held == Holdout(rows=((0.0, "x"), (1.0, "x"), (2.0, "x")), truth=(1.0, 2.5, 3.0))


@pytest.mark.parametrize("labels", [["no", "yes"], [0, 1], [False, True], [0.5, 1.0]])
def test_a_label_keeps_its_type(labels: list[object]) -> None:
    held = kept(encode_holdout(SIGNATURE, rows(2), np.array(labels, dtype=object)))
    assert [(type(label), label) for label in held.truth] == [(type(label), label) for label in labels]


def test_of_many_rows_a_spread_is_kept() -> None:
    held = kept(encode_holdout(SIGNATURE, rows(10 * MOST_ROWS), np.zeros(10 * MOST_ROWS)))
    assert len(held.rows) == MOST_ROWS
    assert (held.rows[0][0], held.rows[-1][0]) == (0.0, 10.0 * MOST_ROWS - 1)


def test_of_large_rows_fewer_are_kept_and_of_huge_ones_none() -> None:
    content = encode_holdout(SIGNATURE, rows(500, text="x" * 20_000), np.zeros(500))
    assert content is not None
    assert MOST_BYTES / 4 < len(content) <= MOST_BYTES
    assert encode_holdout(SIGNATURE, rows(2, text="x" * (MOST_BYTES + 1)), np.zeros(2)) is None


def test_what_no_client_could_send_is_left_out() -> None:
    odd = Rows((np.array([np.inf, np.nan, 1.0, 2.0]), np.array(["a", "b", None, "d"], dtype=object)))
    assert kept(encode_holdout(SIGNATURE, odd, np.zeros(4))).rows == ((None, "b"), (2.0, "d"))
    assert kept(encode_holdout(SIGNATURE, rows(3), np.array([np.nan, np.inf, 1.0]))).truth == (1.0,)
    assert encode_holdout(SIGNATURE, rows(0), np.zeros(0)) is None


def test_they_are_sealed_with_a_version_and_read_when_asked_for(tmp_path: Path, publication: Publication) -> None:
    content = encode_holdout(SIGNATURE, rows(3), np.zeros(3))
    manifest = seal(
        directory=tmp_path,
        key=KEY,
        manifest=publication.manifest,
        estimator=publication.estimator,
        sample=publication.sample,
        holdout=content,
    )
    assert manifest.format == 2
    assert HOLDOUT in {file.path for file in manifest.files}
    artefact = open_artefact(tmp_path, key=KEY)
    assert HOLDOUT not in artefact.files
    held = read_holdout(artefact)
    assert held is not None
    assert len(held.rows) == 3
    load_model(artefact)
    (tmp_path / HOLDOUT).write_bytes(b"{}")
    with pytest.raises(CorruptArtefact, match=r"holdout\.json"):
        read_holdout(artefact)
    with pytest.raises(CorruptArtefact, match=r"holdout\.json"):
        open_artefact(tmp_path, key=KEY)


def test_a_version_that_keeps_none_says_so(tmp_path: Path, publication: Publication) -> None:
    parts = {"manifest": publication.manifest, "estimator": publication.estimator, "sample": publication.sample}
    seal(directory=tmp_path, key=KEY, **parts)
    assert read_holdout(open_artefact(tmp_path, key=KEY)) is None


def test_rows_that_are_no_rows_are_damage(tmp_path: Path, publication: Publication) -> None:
    parts = {"manifest": publication.manifest, "estimator": publication.estimator, "sample": publication.sample}
    seal(directory=tmp_path, key=KEY, holdout=b'{"rows": [[1]], "truth": []}', **parts)
    with pytest.raises(CorruptArtefact, match="1 rows, but 0 answers"):
        read_holdout(open_artefact(tmp_path, key=KEY))
