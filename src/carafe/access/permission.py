"""Who may do what: permissions, the roles that bundle them, and the principal who has one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carafe.access.rate import Rate
from carafe.errors import Forbidden


class Permission(StrEnum):
    """One thing that a route or a command does. Each route declares exactly one."""

    PREDICT = "predict"
    """Ask a model for predictions or features."""
    READ = "read"
    """See models, versions, their schemas and their figures."""
    PUBLISH = "publish"
    """Add a version."""
    PROMOTE = "promote"
    """Point an alias at a version, or drop it."""
    DELETE = "delete"
    """Delete a version."""
    METRICS = "metrics"
    """See the figures of the running service: how much is asked of which model, and how it does."""
    ADMINISTER = "administer"
    """Create and revoke keys."""


class Role(StrEnum):
    """A bundle of permissions with a name; each from reader on includes the one before it."""

    MONITOR = "monitor"
    """For the program that collects the figures, which needs nothing else."""
    READER = "reader"
    PREDICTOR = "predictor"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"

    @property
    def permissions(self) -> frozenset[Permission]:
        """What this role may do."""
        return _PERMISSIONS[self]


_READER = frozenset({Permission.READ})
_PREDICTOR = _READER | {Permission.PREDICT}
_OPERATOR = _PREDICTOR | {Permission.PUBLISH, Permission.PROMOTE, Permission.DELETE, Permission.METRICS}

_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.MONITOR: frozenset({Permission.METRICS}),
    Role.READER: _READER,
    Role.PREDICTOR: _PREDICTOR,
    Role.OPERATOR: _OPERATOR,
    Role.ADMINISTRATOR: frozenset(Permission),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Someone or something that has proved who it is."""

    name: str
    """What to call it in a log line: the key's name."""
    key: str
    """The key's identifier; empty for ANYONE."""
    role: Role
    permissions: frozenset[Permission]
    rate: Rate | None = None
    """How much they may ask in how long; None where nothing limits them."""


ANYONE = Principal(name="anyone", key="", role=Role.ADMINISTRATOR, permissions=Role.ADMINISTRATOR.permissions)
"""Who asks in open mode, where no key is needed and only this machine can ask."""


def check(principal: Principal, permission: Permission) -> None:
    """Return when ``principal`` has ``permission``.

    Raises:
        Forbidden: when it has not.
    """
    if permission in principal.permissions:
        return
    enough = ", ".join(role for role in Role if permission in role.permissions)
    raise Forbidden(
        f"the key {principal.name!r} has the role {principal.role}, which lacks the permission {permission}: "
        f"ask an administrator for a key with one of the roles {enough}"
    )
