"""Who uses this process: the account of the operating system, for the history of what was changed without a key."""

from __future__ import annotations

import os
import pwd
import socket

LONGEST = 200
"""How many characters of an account's name and of the machine's are told together."""


def account() -> str:
    """Return the account's name and the machine's, such as ``ann@lab3``; an account without a name by its number."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # usual in containers
        name = f"uid {os.getuid()}"
    told = f"{name}@{socket.gethostname()}"
    return "".join(letter if letter.isprintable() else "?" for letter in told)[:LONGEST]
