"""Gates stand before the champion however a version comes to it, and judge on rows that both versions answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest

from carafe.errors import AliasChanged, InvalidParameter, PromotionRefused
from carafe.models import Artefact, Manifest, Model
from carafe.models.artefact import load_model
from carafe.models.manifest import Rung
from carafe.models.scores import log_loss, root_mean_squared_error
from carafe.registry import Gates, Promotion, Registry, Share, Traffic, Version, memory_registry
from carafe.registry.comparison import Comparison, Contender, compare
from carafe.registry.gates import unproved
from carafe.registry.history import Change, Entry
from carafe.registry.metadata import Draft
from carafe.registry.metadata_memory import MemoryMetadata
from carafe.registry.promotion import Standing, Verdict
from carafe.schema import ModelRef
from carafe.testing.metadata_examples import example_manifest
from carafe.training.publication import publish_result
from carafe.training.recipe import Data, ModelChoice, Recipe, Split
from carafe.training.run import train
from sealed import publish, untried

PROVED = (Rung(name="lowered", chosen=True, reason="it answers as the native model does", rows=40, difference=0.0),)


def made(score: float = 0.5, *, holdout: str = "same", ladder: tuple[Rung, ...] = PROVED) -> Manifest:
    return msgspec.structs.replace(example_manifest(score=score, holdout=holdout), ladder=ladder)


def promote(registry: Registry, number: int, **more: object) -> None:
    registry.promote(ModelRef(name="houses", version=number), **more)  # type: ignore[arg-type]


@pytest.fixture
def two(registry: Registry) -> Registry:
    """Return a registry with two versions of houses, the second of them much worse."""
    publish(registry, manifest=made(0.9))
    publish(registry, manifest=made(0.1))
    return registry


# --- where gates stand ---


def test_every_way_to_the_champion_is_gated_and_no_other(two: Registry) -> None:
    two.set_gates("houses", Gates(worse_by=0.1), by="ann")
    assert two.history("houses").items[0].reason == "worse by at most 0.1"
    told = r"houses@2: worse-by: score 0\.1, the champion houses@1 has 0\.9 on the same held-out rows: worse by 0\.8"
    canary = Traffic(shares=(Share(version=1, percent=99), Share(version=2, percent=1)))
    with pytest.raises(PromotionRefused, match=told):
        promote(two, 2)
    with pytest.raises(PromotionRefused, match=told):
        two.direct("houses", "champion", canary)
    promote(two, 2, alias="challenger")
    two.direct("houses", "champion", Traffic(shares=(Share(version=1, percent=100),), shadows=(2,)))
    assert two.alias("houses").number == 1


def test_a_version_that_was_let_in_may_take_more(two: Registry) -> None:
    two.set_gates("houses", Gates(worse_by=0.1))
    canary = Traffic(shares=(Share(version=1, percent=99), Share(version=2, percent=1)))
    assert two.direct("houses", "champion", canary, force=True).forced
    entry = two.direct("houses", "champion", Traffic.to(2))
    assert not entry.forced
    promote(two, 1)
    assert two.rollback("houses").after == Traffic.to(2)


def test_what_is_forced_is_written_down_and_what_passes_is_not(two: Registry) -> None:
    two.set_gates("houses", Gates(worse_by=0.1))
    promote(two, 2, force=True, reason="agreed with ann")
    promote(two, 1, force=True)
    free, forced = two.history("houses").items[:2]
    assert (free.forced, free.reason) == (False, "")
    assert forced.forced
    assert forced.reason.startswith("agreed with ann; against the gates: houses@2: worse-by: score 0.1")


def test_a_refusal_names_every_gate(two: Registry) -> None:
    other = msgspec.structs.replace(made(0.1, ladder=()), probabilities=False)
    renamed = msgspec.structs.replace(other.signature.columns[0], name="area")
    signature = msgspec.structs.replace(other.signature, columns=(renamed,))
    publish(two, manifest=msgspec.structs.replace(other, signature=signature))
    two.set_gates("houses", Gates(worse_by=0.1, signature=True, proof=True))
    with pytest.raises(PromotionRefused) as refused:
        promote(two, 3)
    lines = str(refused.value).splitlines()
    assert [line.split(": ")[1] for line in lines[:3]] == ["signature", "proof", "worse-by"]
    assert lines[3] == "train or choose another version, change the gates, or force it"


def test_dropping_the_alias_leads_round_no_gate(two: Registry) -> None:
    """Without a champion, versions are held against the last one that still exists."""
    two.set_gates("houses", Gates(worse_by=0.1, signature=True, proof=True))
    two.drop_alias("houses", "champion")
    with pytest.raises(PromotionRefused, match=r"worse-by: score 0\.1, the champion houses@1 has 0\.9"):
        promote(two, 2)
    for asked in (Promotion.ALWAYS, Promotion.IF_BETTER):
        version = publish(two, manifest=made(0.1), promote=asked)
        assert version.verdict.startswith("not champion: it does not pass the gates: worse-by: score 0.1")
    promote(two, 1)
    promote(two, 2, force=True)
    two.drop_alias("houses", "champion")
    two.delete("houses", 2)
    with pytest.raises(PromotionRefused, match=r"the champion houses@1 has 0\.9"):
        promote(two, 3)


def test_a_champion_that_was_dropped_comes_back_though_it_compares_with_nothing(registry: Registry) -> None:
    publish(registry, manifest=made(0.9, holdout=""))
    registry.set_gates("houses", Gates(worse_by=0.0, signature=True))
    registry.drop_alias("houses", "champion")
    promote(registry, 1)
    assert registry.alias("houses").number == 1


def test_where_no_champion_is_left_only_the_proof_is_asked_for(two: Registry) -> None:
    two.set_gates("houses", Gates(worse_by=0.0, signature=True, proof=True))
    two.drop_alias("houses", "champion")
    two.delete("houses", 1)
    publish(two, manifest=made(0.9, ladder=()))
    with pytest.raises(PromotionRefused, match="proof"):
        promote(two, 3)
    promote(two, 2)


@pytest.mark.parametrize("asked", list(Promotion))
def test_the_gates_of_a_model_whose_versions_were_all_deleted_stand(registry: Registry, asked: Promotion) -> None:
    publish(registry, manifest=made())
    registry.set_gates("houses", Gates(worse_by=0.0, signature=True, proof=True))
    registry.drop_alias("houses", "champion")
    registry.delete("houses", 1)
    version = publish(registry, manifest=made(ladder=()), promote=asked)
    assert version.verdict.startswith("not champion: it does not pass the gates: proof: it was never compared")
    registry.delete("houses", 2)
    assert publish(registry, manifest=made(), promote=asked).aliases == ("champion",)


@pytest.mark.parametrize("margin", [-0.1, float("nan"), float("inf")])
def test_a_margin_is_a_number_from_nought_on(margin: float) -> None:
    with pytest.raises(InvalidParameter, match="worse_by: got"):
        Gates(worse_by=margin)


# --- races ---


class _Overtaken(MemoryMetadata):
    """A store in which somebody else is faster, as often as is said."""

    overtakes: Callable[[], None] | None = None

    def change(self, change: Change) -> Entry:
        """Let somebody else go first."""
        self._let_go()
        return super().change(change)

    def add(self, draft: Draft, *, judge: Callable[[Standing], Verdict]) -> Version:
        """Let somebody else go first."""
        self._let_go()
        return super().add(draft, judge=judge)

    def _let_go(self) -> None:
        act, self.overtakes = self.overtakes, None
        if act is not None:
            act()


def test_a_promotion_that_was_overtaken_is_judged_anew() -> None:
    """Version 2 is not worse than 1, but than 3, which becomes champion between the judgement and the change."""
    store = _Overtaken()
    registry = replace(untried(memory_registry()), metadata=store)
    for score in (0.5, 0.5, 0.9):
        publish(registry, manifest=made(score))
    registry.set_gates("houses", Gates(worse_by=0.1))
    seen = registry.alias("houses").revision
    store.overtakes = lambda: promote(registry, 3)
    with pytest.raises(PromotionRefused, match=r"the champion houses@3 has 0\.9"):
        promote(registry, 2)
    assert registry.alias("houses").number == 3
    with pytest.raises(AliasChanged):
        promote(registry, 2, expected=seen, force=True)
    promote(registry, 1, force=True)
    store.overtakes = lambda: promote(registry, 1)  # the same again, and yet another revision
    promote(registry, 2)
    assert registry.alias("houses").number == 2


def test_a_publication_that_was_overtaken_is_not_promoted() -> None:
    store = _Overtaken()
    registry = replace(untried(memory_registry()), metadata=store)
    for score in (0.5, 0.9):
        publish(registry, manifest=made(score))
    store.overtakes = lambda: promote(registry, 2)
    verdict = publish(registry, manifest=made(0.7), promote=Promotion.IF_BETTER).verdict
    assert verdict == "not champion: the champion changed while they were compared: promote it, if it is still wanted"


def unproved_second() -> tuple[_Overtaken, Registry]:
    """Return a registry with a champion and a version that was never proved; then somebody sets the gate of proof."""
    store = _Overtaken()
    registry = replace(untried(memory_registry()), metadata=store)
    publish(registry, manifest=made())
    publish(registry, manifest=made(ladder=()))
    store.overtakes = lambda: registry.set_gates("houses", Gates(proof=True))
    return store, registry


@pytest.mark.parametrize("expects", [False, True])
def test_a_promotion_is_judged_by_gates_that_are_set_in_the_last_moment(expects: bool) -> None:  # noqa: FBT001
    _, registry = unproved_second()
    with pytest.raises(PromotionRefused, match="houses@2: proof"):
        promote(registry, 2, expected=registry.alias("houses").revision if expects else None)
    assert registry.alias("houses").number == 1


def test_a_publication_does_not_pass_gates_that_are_set_in_the_last_moment() -> None:
    _, registry = unproved_second()
    version = publish(registry, manifest=made(ladder=()), promote=Promotion.ALWAYS)
    assert version.verdict.startswith("not champion: the model's gates changed while it was judged: promote it, if")


def test_a_rollout_does_not_begin_past_gates_that_are_set_in_the_last_moment() -> None:
    _, registry = unproved_second()
    with pytest.raises(AliasChanged, match=r"judged by other gates \(none\) than those that are set now \(proof\)"):
        registry.rollouts.begin("houses", 2)
    with pytest.raises(PromotionRefused, match="houses@2: proof"):
        registry.rollouts.begin("houses", 2)


def test_a_change_that_expects_no_alias_is_not_let_through_unjudged() -> None:
    store, registry = unproved_second()
    store.overtakes = None
    registry.set_gates("houses", Gates(proof=True))

    def drop() -> None:
        registry.drop_alias("houses", "champion")

    store.overtakes = drop
    with pytest.raises(AliasChanged, match="expected that there was none yet"):
        promote(registry, 2, expected=0)


# --- publication ---


def test_a_publication_obeys_the_gates_and_is_not_lost(two: Registry) -> None:
    two.set_gates("houses", Gates(worse_by=0.1, proof=True))
    version = publish(two, manifest=made(0.1), promote=Promotion.ALWAYS)
    assert version.verdict.startswith("not champion: it does not pass the gates: worse-by: score 0.1")
    assert publish(two, manifest=made(0.85), promote=Promotion.ALWAYS).aliases == ("champion",)
    assert publish(two, manifest=made(0.95), promote=Promotion.IF_BETTER).aliases == ("champion",)
    version = publish(two, manifest=made(0.99, ladder=()), promote=Promotion.IF_BETTER)
    assert version.verdict.startswith("not champion: it does not pass the gates: proof")


# --- proof ---


@pytest.mark.parametrize(
    ("ladder", "proved"),
    [
        ((), False),
        ((Rung(name="native", chosen=True, reason="the only one"),), False),
        ((Rung(name="lowered", chosen=True, reason="said so"),), False),
        (PROVED, True),
        (
            (Rung(name="lowered", chosen=False, reason="row 3 differs"), Rung(name="native", chosen=True, reason="")),
            True,
        ),
    ],
)
def test_proved_is_what_answered_rows_or_is_the_original_itself(ladder: tuple[Rung, ...], proved: bool) -> None:  # noqa: FBT001
    assert (unproved(made(ladder=ladder)) is None) == proved


# --- the same rows ---


def table(rows: int, *, seed: int, noise: float = 0.1) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    area, city = draw.uniform(20, 200, rows), draw.choice(["Bern", "Rome"], rows)
    price = area * 10 + (city == "Bern") * 300 + draw.normal(0, noise, rows)
    return pl.DataFrame({"area": area, "city": city, "price": price, "dear": np.where(price > 1200, "yes", "no")})


def trained(
    registry: Registry, frame: pl.DataFrame, algorithm: str, *, target: str = "price", keep_rows: bool = True,
    promote: Promotion = Promotion.FIRST_ONLY,
) -> Version:  # fmt: skip
    frame = frame.drop({"price": "dear", "dear": "price"}[target])
    recipe = Recipe(data=Data(target=target), model=ModelChoice(algorithm=algorithm), split=Split(keep_rows=keep_rows))
    return publish_result(train(frame, recipe=recipe), name="houses", registry=registry, promote=promote)


def contender(registry: Registry, version: Version) -> Contender:
    return Contender(called=str(version), manifest=version.manifest, open=lambda: registry.fetch(version))


def compared(registry: Registry, candidate: Version, champion: Version) -> Comparison:
    return compare(contender(registry, candidate), contender(registry, champion), load=load_model)


def test_a_retrain_on_new_data_is_judged_on_the_rows_that_it_kept() -> None:
    registry = memory_registry()
    good = trained(registry, table(200, seed=1), "linear")
    registry.set_gates("houses", Gates(worse_by=1.0))
    bad = trained(registry, table(300, seed=2), "baseline")
    again = trained(registry, table(300, seed=3), "linear")
    with pytest.raises(PromotionRefused, match=r"worse-by: rmse .* on 60 held-out rows of houses@2: worse by"):
        promote(registry, bad.number)
    promote(registry, again.number)
    found = compared(registry, again, good)
    assert (found.metric, found.rows) == ("rmse", "60 held-out rows of houses@3")
    assert found.mine == pytest.approx(again.manifest.metrics[0].value, rel=1e-9)
    assert found.theirs < 1


def test_classes_are_judged_by_log_loss() -> None:
    registry = memory_registry()
    worse = trained(registry, table(200, seed=1), "baseline", target="dear")
    better = trained(registry, table(300, seed=2), "logistic", target="dear")
    found = compared(registry, worse, better)
    assert found.metric == "log_loss"
    assert found.mine == pytest.approx(worse.manifest.metrics[0].value, rel=1e-9)
    assert found.worse_by == pytest.approx(found.mine - found.theirs)
    assert found.worse_by > 0.1


def test_better_on_new_data_is_promoted_at_publication() -> None:
    registry = memory_registry()
    trained(registry, table(200, seed=1), "baseline")
    version = trained(registry, table(300, seed=2), "linear", promote=Promotion.IF_BETTER)
    assert version.aliases == ("champion",)
    assert "on 60 held-out rows of the new version" in version.verdict
    assert trained(registry, table(250, seed=3), "baseline", promote=Promotion.IF_BETTER).aliases == ()


def test_rows_that_were_not_kept_or_do_not_fit_compare_nothing() -> None:
    registry = memory_registry()
    trained(registry, table(200, seed=1), "linear")
    registry.set_gates("houses", Gates(worse_by=1.0))
    silent = trained(registry, table(300, seed=2), "linear", keep_rows=False)
    with pytest.raises(PromotionRefused, match="keeps no rows on which both could be asked"):
        promote(registry, silent.number)
    narrow = trained(registry, table(300, seed=3).drop("city"), "linear")
    with pytest.raises(PromotionRefused, match="its held-out rows lack 'city', which the champion houses@1 asks for"):
        promote(registry, narrow.number)


def test_a_champion_that_can_not_be_loaded_is_compared_with_nothing() -> None:
    registry = memory_registry()
    trained(registry, table(200, seed=1), "linear")
    trained(registry, table(300, seed=2), "linear")

    def failing(artefact: Artefact) -> Model:
        if artefact.manifest.provenance.rows == 200:
            raise PromotionRefused("/secret/place")
        return load_model(artefact)

    gated = replace(registry, load=failing)
    gated.set_gates("houses", Gates(worse_by=1.0))
    with pytest.raises(PromotionRefused, match="can't be asked about the same rows") as refused:
        promote(gated, 2)
    assert "secret" not in str(refused.value)


def test_the_figures_are_those_of_training() -> None:
    assert root_mean_squared_error(np.array([1.0]), np.array([3.0])) == 2.0
    assert log_loss(np.array([1]), np.array([[0.5, 0.5]]), np.arange(2)) == pytest.approx(np.log(2))
