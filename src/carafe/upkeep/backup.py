"""A backup of a home that is in use: the rows of one moment, the files that they name, and the secret.

Nobody waits for it. Files never change, so they are copied without a lock; where a version was deleted before its turn
came, the rows are read again, and then only what came since is copied.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from carafe._version import __version__
from carafe.access import open_home
from carafe.errors import StorageUnavailable
from carafe.registry import open_registry
from carafe.settings import Settings
from carafe.upkeep.archive import SECRET, Index, table_member
from carafe.upkeep.copies import Copies
from carafe.upkeep.moment import Moment, this_moment
from carafe.upkeep.place import check_home
from carafe.upkeep.progress import Progress, quiet
from carafe.upkeep.writer import Writer, new_archive

_ROUNDS = 100
"""How often the rows are read again before it is said that versions go faster than they can be copied."""


def back_up(settings: Settings, file: Path, *, progress: Progress = quiet) -> Index:
    """Write a backup of the home that ``settings`` name into ``file``, and return what is in it.

    Services go on answering, and versions may come and go meanwhile. An older backup is replaced when the new one
    is whole, and no other file. It holds the home's secret: whoever has it can forge models and read which keys there
    are. A version whose files are damaged is named in ``left_out``. Memory is bounded.

    Args:
        settings: the home, its database and its artefact store.
        file: what to write.
        progress: told how many versions are copied, of how many.

    Raises:
        OutputUnavailable: when the file can't be written.
        StorageUnavailable: when the home can't be read, or versions are deleted faster than they can be copied.
        NewerHome, DamagedHome, InvalidSetting, MissingExtra: as ``open_home``.
    """
    check_home(settings)
    with (
        closing(open_home(settings)) as home,
        closing(open_registry(settings)) as registry,
        new_archive(file) as writer,
    ):
        copies = Copies(registry=registry, writer=writer, progress=progress)
        for _ in range(_ROUNDS):
            with this_moment(home.database, folder=file.absolute().parent) as moment:
                if copies.take(moment.versions()):
                    return _finish(writer, moment, copies, secret=home.secret)
        raise StorageUnavailable("versions are deleted faster than they can be copied: try again at a quieter time")


def _finish(writer: Writer, moment: Moment, copies: Copies, *, secret: bytes) -> Index:
    for table in moment.tables:
        writer.add(table_member(table), moment.pieces(table))
    writer.add(SECRET, [secret])
    versions = moment.versions()
    named = {version.artefact for version in versions}
    return writer.finish(
        Index(
            carafe=__version__,
            created=moment.created.replace(microsecond=0),
            revision=moment.revision,
            tables=tuple(moment.tables),
            versions=len(versions),
            left_out=tuple(copies.left_out[artefact] for artefact in copies.left_out if artefact in named),
        )
    )
