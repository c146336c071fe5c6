"""The mark of a registry in a bucket."""

from __future__ import annotations

from carafe.registry.client_obstore import Bucket
from carafe.registry.owner import MARK


class BucketPlace:
    """A Place beside an ObjectArtefacts, whose bucket it shares."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def owner(self) -> str | None:
        """Return what the mark says."""
        content = self._bucket.get(MARK)
        return None if content is None else content.decode("ascii", "replace").strip()

    def claim(self, owner: str) -> None:
        """Write the mark on the condition that there is none."""
        self._bucket.put_new(MARK, f"{owner}\n".encode())

    def release(self) -> None:
        """Remove the mark."""
        self._bucket.delete([MARK])

    def held(self) -> frozenset[str]:
        """Return the names of the artefacts that are there."""
        return frozenset(
            found.key.rpartition("/")[2]
            for folder in ("digests", "quarantine")
            for found in self._bucket.list(f"{folder}/")
        )
