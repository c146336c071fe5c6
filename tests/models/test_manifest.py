from __future__ import annotations

import json

import msgspec
import pytest

from carafe.models.manifest import Metric, decode_manifest, encode_manifest
from carafe.models.publication import Publication
from carafe.schema import Task


def test_a_manifest_comes_back_as_it_was(publication: Publication) -> None:
    content = encode_manifest(publication.manifest)
    assert decode_manifest(content) == publication.manifest
    assert encode_manifest(decode_manifest(content)) == content


def test_its_json_is_canonical_sorted_and_indented_for_people(publication: Publication) -> None:
    content = encode_manifest(publication.manifest)
    assert content == json.dumps(json.loads(content), sort_keys=True, indent=2, ensure_ascii=False).encode() + b"\n"


def test_it_knows_its_task_and_its_metrics_by_name(publication: Publication) -> None:
    assert publication.manifest.task is Task.REGRESSION
    assert publication.manifest.metric("r2") == Metric(name="r2", value=0.5)
    assert publication.manifest.metric("mape") is None


def test_a_field_it_does_not_know_is_refused(publication: Publication) -> None:
    fields = json.loads(encode_manifest(publication.manifest)) | {"surprise": 1}
    with pytest.raises(msgspec.ValidationError, match="surprise"):
        decode_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_metric_is_finite(number: float) -> None:
    with pytest.raises(ValueError, match=r"metric auc: got .*, expected finite numbers"):
        Metric(name="auc", value=number)
    with pytest.raises(ValueError, match="metric auc"):
        Metric(name="auc", value=1.0, baseline=number)
