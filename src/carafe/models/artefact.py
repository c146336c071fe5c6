"""From a verified artefact to the model that answers, as its manifest says it was proved to.

A version that was lowered is loaded without the library that trained it: that library's own model stays on the disk
until somebody asks for what the lowered one leaves to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

import msgspec

from carafe.errors import CorruptArtefact
from carafe.models.files import remove_file, write_files
from carafe.models.flavours import check_flavour, flavour
from carafe.models.golden import Golden, replay_golden
from carafe.models.lowering.loading import load_lowered
from carafe.models.manifest import NATIVE, Manifest
from carafe.models.model import Model
from carafe.models.verification import GOLDEN, SIGNATURE, Artefact, open_foreign, signature_of


def load_model(artefact: Artefact) -> Model:
    """Load the model of a verified artefact, and let it repeat its golden predictions.

    Raises:
        CorruptArtefact: when it can't be loaded or answers differently.
        MissingExtra: when it needs a library that is not installed.
        LoadFailed: when this machine has not what it takes, such as memory.
    """
    manifest, files = artefact.manifest, artefact.files
    check_flavour(manifest.flavour)
    golden = _golden(files)
    if manifest.runs_as == NATIVE:
        native = load_native(artefact)
        replay_golden(native, golden)
        return native
    left = _Later(replace(artefact, files={}))
    loaded = load_lowered(files, signature=manifest.signature, native=left)
    replay_golden(loaded.model, golden, tolerance=loaded.tolerance)
    return loaded.model


def load_native(artefact: Artefact) -> Model:
    """Load a verified artefact's model as the library runs it that trained it, whichever rung answers.

    Raises:
        CorruptArtefact: when it can't be loaded, or its files were changed since they were verified.
        MissingExtra: when it needs a library that is not installed.
        StorageUnavailable: when its files can't be read now.
    """
    return flavour(artefact.manifest.flavour).load(artefact.native_files(), artefact.manifest)


def reseal(directory: Path, *, key: bytes) -> Manifest:
    """Take in an artefact that another home sealed: check its digests, load it once, and sign it with this home's key.

    The other home's signature says nothing here, so nothing is known about the author: the caller must have been told
    to trust the file. Types outside the allow-list are refused all the same.

    Raises:
        CorruptArtefact: as ``load_model``, or when a digest does not hold.
        NewerArtefact: when a newer Carafe wrote it.
        MissingExtra: when the model needs a library that is not installed.
        StorageUnavailable: when the directory can't be written.
    """
    artefact, content = open_foreign(directory)
    load_model(artefact)
    remove_file(directory, SIGNATURE)
    write_files(directory, {SIGNATURE: signature_of(content, key)})
    return artefact.manifest


@dataclass(frozen=True, slots=True, eq=False)
class _Later:
    """The native model of an artefact, loaded when it is first asked for, once."""

    artefact: Artefact
    loaded: list[Model] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def __call__(self) -> Model:
        with self.lock:
            if not self.loaded:
                self.loaded.append(load_native(self.artefact))
            return self.loaded[0]


def _golden(files: Mapping[str, bytes]) -> Golden:
    try:
        return msgspec.json.decode(files[GOLDEN], type=Golden)
    except (KeyError, msgspec.MsgspecError) as error:
        raise CorruptArtefact(f"{GOLDEN}: missing or not readable ({error})") from error
