"""What keeps a home whole: backups of one that is in use, their restoration elsewhere, and the checkup.

* ``backup``, ``restoration``: one portable file with everything that a home is.
* ``archive``: the form of that file; ``writer`` and ``reader``: how it is written, and read without trusting it.
* ``checkup``: what is wrong with a home, what can be mended, and what is to be done about the rest.
"""

from carafe.upkeep.backup import back_up
from carafe.upkeep.progress import Progress
from carafe.upkeep.restoration import restore, verify_backup

__all__ = ["Progress", "back_up", "restore", "verify_backup"]
