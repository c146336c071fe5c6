"""Seal a model into a directory of plain data: its files, its golden predictions, and the fastest way to run it.

A sealed directory holds ``manifest.json``, ``manifest.sig`` (a keyed digest of the manifest) and the files whose
digests the manifest lists.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from threadpoolctl import threadpool_limits

from carafe.errors import CorruptArtefact, UnsupportedModel
from carafe.models.files import digest_of, write_files
from carafe.models.flavours import flavour
from carafe.models.golden import record_golden, replay_golden
from carafe.models.lowering.ladder import Original, climb
from carafe.models.manifest import Manifest, encode_manifest
from carafe.models.verification import GOLDEN, HOLDOUT, MANIFEST, RECIPE, SIGNATURE, signature_of
from carafe.schema import Rows


def seal(
    *,
    directory: Path,
    key: bytes,
    manifest: Manifest,
    estimator: object,
    sample: Rows,
    holdout: bytes | None = None,
) -> Manifest:
    """Write an estimator and all that is known about it into an empty directory.

    Before the signature is written the files are loaded back, and the loaded model must give the answers of the
    original to the golden rows. Then the fastest way to run it is looked for that answers as it does.

    Args:
        directory: exists and is empty.
        key: the home's artefact key.
        manifest: as it shall be, its ``files`` still empty, its ``ladder`` telling why it runs natively if it does.
        estimator: what the manifest's flavour can keep.
        sample: rows that fit the signature, those that were held out where there are such; on each of them a lowered
            model must answer as the original does, and a few become golden predictions.
        holdout: what ``encode_holdout`` made of held-out rows that are to be kept; None where none are.

    Returns:
        The manifest with its files and its ladder.

    Raises:
        UnsupportedModel: when the estimator can't be kept, or answers differently once loaded back.
        PredictionFailed: when the estimator can't answer the sample.
        StorageUnavailable: when the directory can't be written.
    """
    kind = flavour(manifest.flavour)
    files = kind.dump(estimator)
    with threadpool_limits(limits=1, user_api="openmp"):  # many small questions, for which threads only cost
        golden = record_golden(kind.wrap(estimator, manifest), sample, probabilities=manifest.probabilities)
        try:
            native = kind.load(files, manifest)
            replay_golden(native, golden)
        except CorruptArtefact as error:
            raise UnsupportedModel(
                f"{manifest.algorithm}: stored and loaded again it is not the same: {error}"
            ) from error
        climbed = climb(Original(estimator=estimator, native=native, manifest=manifest, golden=golden), sample)
    files |= {GOLDEN: msgspec.json.encode(golden), **climbed.files}
    if manifest.recipe:
        files[RECIPE] = manifest.recipe.encode()
    if holdout is not None:
        files[HOLDOUT] = holdout
    digests = tuple(digest_of(name, files[name]) for name in sorted(files))
    sealed = msgspec.structs.replace(manifest, files=digests, ladder=climbed.rungs)
    write_files(directory, files)
    content = encode_manifest(sealed)
    write_files(directory, {MANIFEST: content, SIGNATURE: signature_of(content, key)})
    return sealed
