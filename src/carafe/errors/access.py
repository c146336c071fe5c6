"""Errors of keys and of what they may do."""

from __future__ import annotations

from carafe.errors.base import CarafeError
from carafe.errors.registry import NotFound


class Unauthenticated(CarafeError):
    """Raised when no key came, or one that is unknown, malformed or revoked; never says which."""

    slug = "unauthenticated"
    title = "A valid key is needed"


class Forbidden(CarafeError):
    """Raised when a principal lacks the permission that a route declares."""

    slug = "forbidden"
    title = "This key does not permit that"


class RateLimited(CarafeError):
    """Raised when a key has asked as much as it may for now; says when it may ask again."""

    slug = "rate-limited"
    title = "This key has asked as much as it may for now"

    def __init__(self, message: str, *, retry_seconds: float) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class KeyNotFound(NotFound):
    """Raised when there is no API key with this identifier."""

    slug = "key-not-found"
    title = "There is no such key"
