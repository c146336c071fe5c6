"""What answers for each alias that is in use in this process."""

from __future__ import annotations

from carafe.schema import ModelRef
from carafe.serving.pointing import Target, versions_of
from carafe.serving.served import Served
from carafe.serving.split import Split


class Targets:
    """The targets of aliases. Threads read the dictionaries without asking anybody; each change is one step."""

    __slots__ = ("plain", "splits")

    def __init__(self) -> None:
        self.plain: dict[ModelRef, Served] = {}
        """The aliases that one version answers for: the one look of most requests."""
        self.splits: dict[ModelRef, Split] = {}
        """The aliases that share their requests or ask shadows; none of them is among the others, but for the moment
        of a swap."""

    def __bool__(self) -> bool:
        return bool(self.plain or self.splits)

    def find(self, ref: ModelRef) -> Target | None:
        """Return what answers for an alias, where it is in use."""
        return self.plain.get(ref) or self.splits.get(ref)

    def refs(self) -> list[ModelRef]:
        """Return every alias that is in use."""
        return [*list(self.plain), *list(self.splits)]

    def put(self, ref: ModelRef, target: Target) -> Target:
        """Let an alias answer with a target from now on. A request sees the old one or the new, never neither."""
        if isinstance(target, Split):
            self.splits[ref] = target
            self.plain.pop(ref, None)
        else:
            self.plain[ref] = target
            self.splits.pop(ref, None)
        return target

    def forget(self, ref: ModelRef) -> None:
        """Let nothing answer for an alias; whoever asks for it looks it up again."""
        self.plain.pop(ref, None)
        self.splits.pop(ref, None)

    def forget_version(self, served: Served) -> None:
        """Forget every alias that needs a version."""
        for ref in self.refs():
            target = self.find(ref)
            if target is not None and served in versions_of(target):
                self.forget(ref)

    def needed(self) -> set[Served]:
        """Return every version that an alias needs."""
        splits = list(self.splits.values())  # copies in one step: other threads may add to them
        return {*list(self.plain.values()), *(served for split in splits for served in split.versions)}
