"""Who may do what, and how it was proved.

* ``permission``: Permission, Role, Principal, and ``check(principal, permission)``.
* ``keys``: API keys: create, list, revoke, and the one administrator key of a new home. ``authenticator``: a key that
  was presented -> Principal.
* ``key_store`` with its two twins, ``keys_sql`` and ``keys_memory``: where records of keys are kept.
* ``rate``: how much may be asked; ``window``: what was asked lately. ``limiter``, with ``limiter_memory``,
  ``limiter_file`` and ``limiter_redis``: where that is counted. ``limits``: the one that the settings ask for.
* ``account``: the account of the operating system, for what is done without a key.
* ``secret``: the home's secret, and the keys derived from it. ``home``: a home's database and secret, opened together.
"""

from carafe.access.authenticator import Authenticator
from carafe.access.home import Home, open_home
from carafe.access.keys import Keys, ensure_administrator_key, memory_keys, open_keys
from carafe.access.limiter import Limiter
from carafe.access.limits import default_rate, open_limiter
from carafe.access.permission import ANYONE, Permission, Principal, Role, check
from carafe.access.rate import Rate
from carafe.access.secret import Purpose, derive

__all__ = [
    "ANYONE",
    "Authenticator",
    "Home",
    "Keys",
    "Limiter",
    "Permission",
    "Principal",
    "Purpose",
    "Rate",
    "Role",
    "check",
    "default_rate",
    "derive",
    "ensure_administrator_key",
    "memory_keys",
    "open_home",
    "open_keys",
    "open_limiter",
]
