"""Which versions there are, in this process's memory: for tests and quick starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from typing import TypeVar

from carafe.registry.absence import in_use, no_alias, no_model, no_version
from carafe.registry.events import changed, crowned, deleted, gated, published
from carafe.registry.gates import Gates
from carafe.registry.history import Change, Entry, HistoryQuery
from carafe.registry.metadata import Draft
from carafe.registry.moved import check_expected, check_judged
from carafe.registry.promotion import Standing, Verdict
from carafe.registry.query import FIRST, Page, Query, Sort
from carafe.registry.rollout_memory import MemoryRollouts
from carafe.registry.rollout_store import RolloutStore
from carafe.registry.version import Alias, Pointed, RegisteredModel, Version
from carafe.schema.exchange import CHAMPION

Item = TypeVar("Item", Version, RegisteredModel)


@dataclass(slots=True)
class _Shelf:
    """One model: its versions without aliases, its aliases, its history, and the last number given out."""

    created: datetime
    last: int = 0
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    history: list[Entry] = field(default_factory=list)
    gates: Gates = field(default_factory=Gates)

    def version(self, number: int) -> Version:
        """Return a version with the aliases it has now."""
        pointed = tuple(
            Pointed(alias=name, percent=alias.traffic.percent(number))
            for name, alias in sorted(self.aliases.items())
            if number in alias.traffic.numbers
        )
        return replace(self.versions[number], pointed=pointed)

    def write(self, entry: Entry, *, number: int) -> Entry:
        """Write an entry down under its identifier, not earlier than the last one, and return it as it is kept."""
        when = max([entry.when, *(last.when for last in self.history[-1:])])
        self.history.append(replace(entry, id=number, when=when))
        return self.history[-1]


class MemoryMetadata:
    """A MetadataStore that forgets everything when the process ends. Safe to use from several threads."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}
        self._generation = 0
        self._entries = 0
        self._lock = RLock()
        self._rollouts = MemoryRollouts(
            lock=self._lock, change=self.change, count_change=self._count_change, check_known=self._check_known
        )

    @property
    def rollouts(self) -> RolloutStore:
        """The rollouts of the same models."""
        return self._rollouts

    def generation(self) -> int:
        """Return how many changes there were."""
        return self._generation

    def add(self, draft: Draft, *, judge: Callable[[Standing], Verdict]) -> Version:
        """Give a version the model's next number; ask ``judge`` whether it becomes champion."""
        with self._lock:
            shelf = self._shelves.get(draft.name) or _Shelf(created=draft.created)
            champion = shelf.aliases.get(CHAMPION)
            standing = Standing(
                first=not shelf.versions,
                champion=None if champion is None else shelf.version(champion.number),
                gates=shelf.gates,
                last=shelf.last,
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
                pointed=(),
                artefact=draft.artefact,
                verdict=verdict.reason,
            )
            self._write(shelf, published(draft, shelf.last))
            if verdict.promote:
                self._change(shelf, crowned(draft, shelf.last, verdict))
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
        """Return the main version that an alias points at."""
        with self._lock:
            return self._shelf(name).version(self.alias(name, alias).number)

    def alias(self, name: str, alias: str) -> Alias:
        """Return what an alias points at, and its revision."""
        with self._lock:
            shelf = self._shelf(name)
            if alias not in shelf.aliases:
                raise no_alias(name, alias, shelf.aliases)
            return shelf.aliases[alias]

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
                aliases=tuple(shelf.aliases[alias] for alias in sorted(shelf.aliases)),
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

    def change(self, change: Change) -> Entry:
        """Change or forget an alias, and return the entry that the history has of it."""
        with self._lock:
            entry = self._change(self._shelf(change.name), change)
            self._generation += 1
            return entry

    def remove(self, name: str, number: int, *, when: datetime, by: str = "") -> Version:
        """Forget a version, and return what it was."""
        with self._lock:
            version = self.version(name, number)
            self._rollouts.check_unneeded(name, number)
            if version.pointed:
                raise in_use(name, number, version.pointed)
            del self._shelves[name].versions[number]
            self._write(self._shelves[name], deleted(version, when=when, by=by))
            self._generation += 1
            return version

    def history(self, name: str, query: HistoryQuery) -> Page[Entry]:
        """Return one page of what happened to a model, the latest first."""
        with self._lock:
            self._check_known(name)
            found = [
                entry
                for entry in reversed(self._shelves[name].history)
                if query.alias in {None, entry.alias} and (query.until is None or entry.when <= query.until)
            ]
        items = tuple(found[query.offset : query.offset + query.size])
        return Page(items=items, total=len(found), page=query.page, size=query.size)

    def gates(self, name: str) -> Gates:
        """Return what a version must fulfil before it may answer as champion."""
        with self._lock:
            self._check_known(name)
            return self._shelves[name].gates

    def set_gates(self, name: str, gates: Gates, *, when: datetime, by: str = "") -> None:
        """Change what a version must fulfil before it may answer as champion."""
        with self._lock:
            self._check_known(name)
            shelf = self._shelves[name]
            shelf.gates = gates
            self._write(shelf, gated(name, gates, when=when, by=by))
            self._generation += 1

    def artefacts(self) -> frozenset[str]:
        """Return the store's names of all versions' artefacts."""
        with self._lock:
            return frozenset(
                version.artefact for shelf in self._shelves.values() for version in shelf.versions.values()
            )

    def close(self) -> None:
        """Do nothing: nothing is held open."""

    def _change(self, shelf: _Shelf, change: Change) -> Entry:
        found = shelf.aliases.get(change.alias)
        check_expected(change, found)
        check_judged(change, shelf.gates)
        if found is None and change.traffic is None:
            raise no_alias(change.name, change.alias, shelf.aliases)
        for number in change.traffic.numbers if change.traffic else ():
            if number not in shelf.versions:
                raise no_version(change.name, number, shelf.versions)
        entry = self._write(shelf, changed(change, before=found.traffic if found else None))
        if change.traffic is None:
            del shelf.aliases[change.alias]
        else:
            shelf.aliases[change.alias] = Alias(
                name=change.alias, traffic=change.traffic, revision=entry.id, changed=entry.when
            )
        self._rollouts.overtake(entry)
        return entry

    def _write(self, shelf: _Shelf, entry: Entry) -> Entry:
        self._entries += 1
        return shelf.write(entry, number=self._entries)

    def _count_change(self) -> None:
        self._generation += 1

    def _check_known(self, name: str) -> None:
        if name not in self._shelves:
            raise no_model(name, self._names())

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
    rest = chosen if query.after == FIRST else [item for item in chosen if _by_name(item) > query.after]
    items = tuple(rest[query.offset : query.offset + query.size])
    return Page(items=items, total=len(chosen), page=query.page, size=query.size)
