"""Which versions there are, in this process's memory: for tests and quick starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from typing import TypeVar

from carafe.registry.absence import in_use, no_alias, no_model, no_version
from carafe.registry.metadata import Draft
from carafe.registry.promotion import Standing, Verdict
from carafe.registry.query import Page, Query, Sort
from carafe.registry.version import Alias, RegisteredModel, Version
from carafe.schema.exchange import CHAMPION

Item = TypeVar("Item", Version, RegisteredModel)


@dataclass(slots=True)
class _Shelf:
    """One model: its versions without aliases, its aliases, and the last number given out."""

    created: datetime
    last: int = 0
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)

    def version(self, number: int) -> Version:
        """Return a version with the aliases it has now."""
        names = sorted(alias for alias, pointed in self.aliases.items() if pointed == number)
        return replace(self.versions[number], aliases=tuple(names))


class MemoryMetadata:
    """A MetadataStore that forgets everything when the process ends. Safe to use from several threads."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}
        self._generation = 0
        self._lock = RLock()

    def generation(self) -> int:
        """Return how many changes there were."""
        return self._generation

    def add(self, draft: Draft, *, judge: Callable[[Standing], Verdict]) -> Version:
        """Give a version the model's next number; ask ``judge`` whether it becomes champion."""
        with self._lock:
            shelf = self._shelves.get(draft.name) or _Shelf(created=draft.created)
            champion = shelf.aliases.get(CHAMPION)
            standing = Standing(
                first=not shelf.versions, champion=None if champion is None else shelf.version(champion)
            )
            verdict = judge(standing)
            self._shelves[draft.name] = shelf
            shelf.last += 1
            shelf.versions[shelf.last] = Version(
                name=draft.name,
                number=shelf.last,
                created=draft.created,
                digest=draft.digest,
                manifest=draft.manifest,
                aliases=(),
                artefact=draft.artefact,
                verdict=verdict.reason,
            )
            if verdict.promote:
                shelf.aliases[CHAMPION] = shelf.last
            self._generation += 1
            return shelf.version(shelf.last)

    def version(self, name: str, number: int) -> Version:
        """Return a version by its number."""
        with self._lock:
            shelf = self._shelf(name)
            if number not in shelf.versions:
                raise no_version(name, number, shelf.versions)
            return shelf.version(number)

    def aliased(self, name: str, alias: str) -> Version:
        """Return the version that an alias points at."""
        with self._lock:
            shelf = self._shelf(name)
            if alias not in shelf.aliases:
                raise no_alias(name, alias, shelf.aliases)
            return shelf.version(shelf.aliases[alias])

    def model(self, name: str) -> RegisteredModel:
        """Return a model that has at least one version."""
        with self._lock:
            shelf = self._shelf(name)
            latest = max(shelf.versions)
            return RegisteredModel(
                name=name,
                created=shelf.created,
                task=shelf.versions[latest].manifest.task,
                latest=latest,
                versions=len(shelf.versions),
                aliases=tuple(Alias(name=alias, number=shelf.aliases[alias]) for alias in sorted(shelf.aliases)),
            )

    def models(self, query: Query) -> Page[RegisteredModel]:
        """Return one page of the models that have versions."""
        with self._lock:
            found = [self.model(name) for name in self._names()]
        chosen = [model for model in found if query.task in {None, model.task}]
        return _page(query, chosen, _by_created if query.sort is Sort.CREATED else _by_name)

    def versions(self, query: Query, *, name: str | None = None) -> Page[Version]:
        """Return one page of the versions, of one model or of all."""
        with self._lock:
            shelves = self._shelves if name is None else {name: self._shelf(name)}
            found = [shelf.version(number) for shelf in shelves.values() for number in shelf.versions]
        chosen = [version for version in found if query.task in {None, version.manifest.task}]
        return _page(query, chosen, _by_created if name is None and query.sort is Sort.CREATED else _by_name)

    def point(self, name: str, alias: str, number: int, *, when: datetime) -> Version:
        """Let an alias point at a version, and return that version."""
        del when
        with self._lock:
            self.version(name, number)
            self._shelves[name].aliases[alias] = number
            self._generation += 1
            return self.version(name, number)

    def drop(self, name: str, alias: str) -> None:
        """Forget an alias."""
        with self._lock:
            self.aliased(name, alias)
            del self._shelves[name].aliases[alias]
            self._generation += 1

    def remove(self, name: str, number: int) -> Version:
        """Forget a version, and return what it was."""
        with self._lock:
            version = self.version(name, number)
            if version.aliases:
                raise in_use(name, number, version.aliases)
            del self._shelves[name].versions[number]
            self._generation += 1
            return version

    def artefacts(self) -> frozenset[str]:
        """Return the store's names of all versions' artefacts."""
        with self._lock:
            return frozenset(
                version.artefact for shelf in self._shelves.values() for version in shelf.versions.values()
            )

    def close(self) -> None:
        """Do nothing: nothing is held open."""

    def _names(self) -> list[str]:
        return [name for name, shelf in self._shelves.items() if shelf.versions]

    def _shelf(self, name: str) -> _Shelf:
        shelf = self._shelves.get(name)
        if shelf is None or not shelf.versions:
            raise no_model(name, self._names())
        return shelf


def _by_name(item: Version | RegisteredModel) -> tuple[object, ...]:
    return (item.name, item.number if isinstance(item, Version) else 0)


def _by_created(item: Version | RegisteredModel) -> tuple[object, ...]:
    return (item.created, *_by_name(item))


def _page(query: Query, found: Iterable[Item], key: Callable[[Item], tuple[object, ...]]) -> Page[Item]:
    chosen = [item for item in found if query.contains.lower() in item.name]
    chosen.sort(key=key, reverse=query.descending)
    items = tuple(chosen[query.offset : query.offset + query.size])
    return Page(items=items, total=len(chosen), page=query.page, size=query.size)
