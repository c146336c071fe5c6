from __future__ import annotations

import os
import pwd
import socket

import pytest

from carafe.access.account import LONGEST, account


def test_the_account_is_a_name_and_a_machine() -> None:
    assert account() == f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


def test_an_account_without_a_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    monkeypatch.setattr(socket, "gethostname", lambda: "lab\n" + "3" * 300)
    assert account().startswith("uid 4000000000@lab?333")
    assert len(account()) == LONGEST
