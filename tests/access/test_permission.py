from __future__ import annotations

import itertools

import pytest

from carafe.access import ANYONE, Permission, Principal, Role, check
from carafe.errors import Forbidden


def principal(role: Role) -> Principal:
    return Principal(name="someone", key="abc", role=role, permissions=role.permissions)


def test_each_role_but_the_monitor_includes_the_one_before_and_more() -> None:
    for lesser, greater in itertools.pairwise([role for role in Role if role is not Role.MONITOR]):
        assert lesser.permissions < greater.permissions
    assert Role.ADMINISTRATOR.permissions == frozenset(Permission)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_permits_what_it_lists_and_nothing_else(role: Role, permission: Permission) -> None:
    if permission in role.permissions:
        check(principal(role), permission)
        return
    with pytest.raises(Forbidden) as refused:
        check(principal(role), permission)
    assert f"'someone' has the role {role}, which lacks the permission {permission}" in str(refused.value)
    assert "administrator" in str(refused.value)


def test_only_an_administrator_hands_out_keys() -> None:
    assert [role for role in Role if Permission.ADMINISTER in role.permissions] == [Role.ADMINISTRATOR]


def test_a_monitor_sees_figures_and_nothing_else() -> None:
    assert Role.MONITOR.permissions == {Permission.METRICS}
    assert Permission.METRICS not in Role.PREDICTOR.permissions
    assert Permission.METRICS in Role.OPERATOR.permissions


def test_in_open_mode_anyone_may_do_everything() -> None:
    for permission in Permission:
        check(ANYONE, permission)
