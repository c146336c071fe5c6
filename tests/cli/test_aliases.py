"""The commands about aliases, their history and the gates before them, as a person or a script would use them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from carafe.access.account import account
from carafe.cli import main
from carafe.registry import Registry, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from sealed import publish_copy

EAST = timezone(timedelta(hours=5, minutes=30))


@pytest.fixture
def houses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """Return a home with three versions of houses, the first of them champion."""
    monkeypatch.setenv("CARAFE_HOME", str(tmp_path / "home"))
    found = open_registry(Settings(home=tmp_path / "home"))
    for _ in range(3):
        publish_copy(found)
    yield found
    found.close()


def done(*words: str) -> str:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    return result.stdout


def failed(*words: str, code: int = 1) -> str:
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stdout) == (code, "")
    return result.stderr


def test_a_rollback_leads_back_and_says_so(houses: Registry) -> None:
    done("promote", "houses@2", "--reason", "new districts")
    done("promote", "houses@3")
    assert done("rollback", "houses", "--reason", "complaints") == "houses@champion is now version 2 (was version 3)\n"
    assert done("rollback", "houses@champion") == "houses@champion is now version 1 (was version 2)\n"
    told = failed("rollback", "houses")
    assert "[nothing-to-roll-back]" in told
    assert "houses@champion: no version that still exists answered alone before version 1: promote one" in told
    assert "got a version, expected a model or an alias" in failed("rollback", "houses@2")
    assert "[alias-not-found]" in failed("rollback", "houses@staging")
    assert houses.history("houses").items[0].by == account()


def test_traffic_is_shown_and_shared(houses: Registry) -> None:
    revision = houses.alias("houses").revision
    assert done("traffic", "houses").startswith("houses@champion is version 1 (since ")
    assert f"revision {revision})" in done("traffic", "houses")
    told = done("traffic", "houses", "1=95", "2=5", "--shadow", "3", "--sticky", "header:X-User", "--reason", "canary")
    assert (
        told
        == "houses@champion is now version 1 95 %, version 2 5 %, shadow 3, sticky by header:X-User (was version 1)\n"
    )
    assert "sticky by header:X-User" in done("traffic", "houses")
    assert done("traffic", "houses", "1=99.5", "2=0.5").startswith(
        "houses@champion is now version 1 99.5 %, version 2 0.5 %"
    )
    told = done("traffic", "houses", "--shadow", "3")
    assert told.startswith(
        "houses@champion is now version 1 99.5 %, version 2 0.5 %, shadow 3, sticky by header:X-User (was"
    )
    assert houses.history("houses").items[-3].by == ""
    assert done("traffic", "houses", "--alias", "new", "2=100").startswith("houses@new is now version 2")


def test_what_keeps_callers_with_a_version_stays_while_the_share_grows(houses: Registry) -> None:
    done("traffic", "houses", "1=95", "2=5", "--sticky", "header:X-User", "--shadow", "3")
    done("traffic", "houses", "1=75", "2=25")
    kept = houses.alias("houses").traffic
    assert (kept.sticky, kept.shadows, kept.percent(2)) == ("header:X-User", (), 25)
    done("traffic", "houses", "--shadow", "3")
    done("traffic", "houses", "1=50", "2=50", "--sticky", "field:größe")
    assert houses.alias("houses").traffic.sticky == "field:größe"
    done("traffic", "houses", "--sticky", "none")
    found = houses.alias("houses").traffic
    assert (found.sticky, found.percent(2)) == (None, 50)
    done("traffic", "houses", "--sticky", "field:größe")
    done("traffic", "houses", "1=75", "2=25", "--sticky", "none")
    assert houses.alias("houses").traffic.sticky is None
    assert "[invalid-traffic]" in failed("traffic", "houses", "1=75", "2=25", "--sticky", "cookie")


def test_a_rollout_keeps_callers_with_their_versions_and_asks_the_same_shadows(houses: Registry) -> None:
    done("traffic", "houses", "1=100", "--sticky", "header:X-User", "--shadow", "3")
    before = houses.alias("houses").traffic
    rollout = houses.rollouts.begin("houses", 2)
    for step in range(3):
        assert (rollout.traffic(step).sticky, rollout.traffic(step).shadows) == ("header:X-User", (3,))
    assert houses.alias("houses").traffic == rollout.traffic(0)
    houses.rollouts.stop("houses")
    assert houses.alias("houses").traffic == before


def test_programs_read_what_an_alias_is_and_its_revision_from_every_command_that_shows_or_moves_it(
    houses: Registry,
) -> None:
    moved = json.loads(done("promote", "houses@2", "--json"))
    assert (moved["model"], moved["alias"], moved["version"]) == ("houses", "champion", 2)
    assert moved == json.loads(done("traffic", "houses", "--json"))
    back = json.loads(done("rollback", "houses", "--if-revision", str(moved["revision"]), "--json"))
    assert (back["version"], back["revision"]) == (1, houses.alias("houses").revision)
    shared = json.loads(done("traffic", "houses", "1=95", "2=5", "--sticky", "header:X-User", "--json"))
    assert shared["shares"] == [{"version": 1, "percent": 95.0}, {"version": 2, "percent": 5.0}]
    assert shared["sticky"] == "header:X-User"
    gates = json.loads(done("gates", "houses", "--proof", "--json"))
    assert (
        gates == {"worse_by": None, "signature": False, "proof": True} == json.loads(done("gates", "houses", "--json"))
    )


@pytest.mark.usefixtures("houses")
def test_an_alias_that_shared_is_dropped_with_all_that_it_was() -> None:
    done("traffic", "houses", "--alias", "new", "1=95", "2=5")
    told = done("delete", "houses@new", "--yes")
    assert told == "dropped houses@new, which was version 1 95 %, version 2 5 %\n"


@pytest.mark.parametrize("share", ["4", "4=", "=5", "4=x", "0=5", "4=-5", "4=1e1", "4:5"])
def test_a_share_that_is_none_is_a_wrong_command_line(houses: Registry, share: str) -> None:
    assert "expected VERSION=PERCENT, such as 4=95" in failed("traffic", "--", "houses", share, code=2)
    assert houses.alias("houses").number == 1


def test_shares_that_make_no_sense_are_refused(houses: Registry) -> None:
    assert "[invalid-traffic]" in failed("traffic", "houses", "1=95", "2=6")
    assert "[version-not-found]" in failed("traffic", "houses", "1=95", "9=5")
    assert "[alias-not-found]" in failed("traffic", "houses", "--alias", "none")
    assert houses.alias("houses").number == 1


def test_a_change_may_expect_what_was_seen(houses: Registry) -> None:
    seen = str(houses.alias("houses").revision)
    done("promote", "houses@2", "--if-revision", seen)
    for words in (("promote", "houses@3"), ("rollback", "houses"), ("traffic", "houses", "3=100")):
        assert "[alias-changed]" in failed(*words, "--if-revision", seen)
    assert "[alias-changed]" in failed("promote", "houses@3", "--if-revision", "0")
    done("promote", "houses@3", "--alias", "new", "--if-revision", "0")


@pytest.mark.usefixtures("houses")
def test_the_history_tells_when_who_what_and_why() -> None:
    done("promote", "houses@2", "--reason", "new districts")
    done("promote", "houses@2", "--alias", "staging")
    done("delete", "houses@staging", "--yes")
    done("delete", "houses@3", "--yes")
    lines = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in done("history", "houses").splitlines()
        if line.startswith("│")
    ]
    what = [line[2:5] for line in lines]
    assert what[:4] == [
        ["delete version 3", "-", "-"],
        ["drop staging", "version 2", "-"],
        ["promote staging", "-", "version 2"],
        ["promote champion", "version 1", "version 2"],
    ]
    assert (lines[3][1], lines[3][5]) == (account(), "new districts")
    assert len(lines) == 8
    assert "page 1: 3 of 8; --page 2 shows more" in done("history", "houses", "--size", "3")
    assert "there are 8 entries: page 9 is beyond the last" in done("history", "houses", "--page", "9")
    document = json.loads(done("history", "houses", "--alias", "staging", "--json"))
    assert [entry["action"] for entry in document["items"]] == ["drop", "promote"]
    for words in ((), ("--json",)):
        told = failed("history", "houses", "--alias", "nosuch", *words)
        assert "[alias-not-found]" in told
        assert "houses never had an alias 'nosuch': `carafe history houses` shows which it had" in told
    assert "[model-not-found]" in failed("history", "nothing")


@pytest.mark.usefixtures("houses")
def test_the_history_says_which_version_answered_on_a_day() -> None:
    done("promote", "houses@2", "--reason", "new districts")
    today = datetime.now(UTC).date()
    told = done("history", "houses", "--at", f"{today}")
    assert re.match(rf"(now, )?on {today} ", told)
    for day in (today + timedelta(days=1), "2099-01-01"):
        future = done("history", "houses", "--at", f"{day}")
        assert re.search(rf"^now, on \S+ \S+ UTC, houses@champion is version 2; {day} 23:59 UTC is still to", future)
    since = re.search(r"since (\S+ \S+ UTC), ", told)
    assert since is not None
    then = datetime.strptime(since[1], "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
    for text in (since[1], f"{then:%Y-%m-%dT%H:%M}", then.astimezone(EAST).isoformat(timespec="minutes")):
        assert f"on {then:%Y-%m-%d %H:%M} UTC houses@champion was version 2" in done("history", "houses", "--at", text)
    assert f"promote by {account()}: new districts" in told
    entry = json.loads(done("history", "houses", "--at", f"{datetime.now(UTC).isoformat()}", "--json"))
    assert entry["after"]["shares"] == [{"version": 2, "percent": 100.0}]
    assert "[alias-not-found]" in failed("history", "houses", "--at", f"{today - timedelta(days=2)}")
    assert "expected a day or a moment" in failed("history", "houses", "--at", "yesterday", code=2)


@pytest.mark.usefixtures("houses")
def test_gates_are_set_shown_and_gone_through() -> None:
    assert done("gates", "houses") == "houses: none\n"
    assert done("gates", "houses", "--worse-by", "0.5", "--proof") == "houses: worse by at most 0.5, proof\n"
    refused = failed("promote", "houses@2")
    assert "[promotion-refused]" in refused
    assert "houses@2: worse-by: its held-out rows are not those of the champion houses@1" in refused
    assert "force" in refused
    assert "[promotion-refused]" in failed("traffic", "houses", "1=90", "2=10")
    told = done("promote", "houses@2", "--force", "--reason", "agreed")
    assert told.startswith(
        "houses@champion is now version 2 (was version 1), forced\n"
        "The history says: agreed; against the gates: houses@2: worse-by: "
    )
    assert "promote champion, forced" in done("history", "houses")
    assert done("gates", "houses", "--none") == "houses: none\n"
    assert "leave the other options out" in failed("gates", "houses", "--none", "--proof", code=2)
    assert "[model-not-found]" in failed("gates", "nothing")


def test_what_cannot_be_loaded_is_not_promoted_unless_that_is_forced(houses: Registry) -> None:
    damage(houses, 2)
    for words in (("promote", "houses@2"), ("traffic", "houses", "1=95", "2=5"), ("rollout", "houses@2", "--detach")):
        assert "[corrupt-artefact]" in failed(*words)
    assert "[corrupt-artefact]" in failed("promote", "houses@2", "--alias", "staging")
    assert houses.alias("houses").number == 1
    assert done("promote", "houses@2", "--force", "--reason", "the copy is on its way") == (
        "houses@champion is now version 2 (was version 1), forced\n"
        "The history says: the copy is on its way; against a load that failed: "
        "the stored model is damaged or was changed (corrupt-artefact)\n"
    )
    assert houses.history("houses").items[0].forced


def test_a_rollback_passes_by_what_is_damaged_and_says_so(houses: Registry) -> None:
    done("promote", "houses@2")
    done("promote", "houses@3")
    damage(houses, 2)
    told = done("rollback", "houses", "--reason", "complaints")
    assert told == (
        "houses@champion is now version 1 (was version 3)\n"
        "The history says: complaints; passes by what is damaged: version 2\n"
    )


def test_no_rollback_leads_to_what_is_damaged_even_if_it_is_forced(houses: Registry) -> None:
    done("promote", "houses@2")
    damage(houses, 1)
    assert "but for what is damaged (version 1): promote one" in failed("rollback", "houses")
    assert "but for what is damaged (version 1): promote one" in failed("rollback", "houses", "--force")


def damage(registry: Registry, number: int) -> None:
    """Lose a version's files."""
    version = registry.resolve(ModelRef(name="houses", version=number))
    shutil.rmtree(registry.fetch(version).folder)
