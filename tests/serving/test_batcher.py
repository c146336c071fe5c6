"""Requests share runs, and nothing else: each gets its own answer or its own failure."""

from __future__ import annotations

import random
import time
from collections import Counter
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carafe.errors import CarafeError, DeadlineExceeded, InvalidInput, PredictionFailed, ServerBusy
from carafe.schema import Prediction, Rows
from carafe.serving.batcher import Batcher
from carafe.serving.deadline import within
from carafe.serving.observers import Observer, Run
from carafe.serving.refusals import spelled as spell
from serving.crowd import POISON, REFUSED, Asked, Crowd, Doubling, Enough, batcher, rows_of, until


class Noticed(Observer):
    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.turned: list[str] = []

    def ran(self, event: Run) -> None:
        self.runs.append(event)

    def turned_away(self, name: str, number: int, error: CarafeError) -> None:
        self.turned.append(f"{name}@{number}: {error}")


def test_an_idle_model_is_asked_at_once_on_the_callers_own_thread() -> None:
    model = Doubling()
    batched = batcher(model)
    rows = rows_of(1.0, 2.0)
    assert list(batched.predict(rows).listed_values) == [2.0, 4.0]
    assert batched.predict(rows, probabilities=True).listed_probabilities == [(1.0, -1.0), (2.0, -2.0)]
    assert model.runs == [(False, [1.0, 2.0]), (True, [1.0, 2.0])]
    assert batched.transform(rows).names == ("number",)
    assert batched.signature is model.signature
    assert batched.predict(rows).waited < 0.1


def test_what_waits_is_answered_by_the_next_run_in_the_order_in_which_it_came() -> None:
    model, noticed = Doubling(), Noticed()
    crowd = Crowd(batcher(model, observer=noticed), model)
    asked = [crowd.ask(float(number), number + 0.5) for number in range(1, 6)]
    crowd.release()
    assert [one.values for one in asked] == [[2.0 * n, 2 * n + 1.0] for n in range(1, 6)]
    assert crowd.first.values == [0.0]
    assert model.runs[1:] == [(False, [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5])]
    until(lambda: len(noticed.runs) == 2)
    alone, together = noticed.runs
    assert (alone.requests, alone.rows, alone.waiting) == (1, 1, 4)
    assert alone.waited < 0.1
    assert (together.name, together.number, together.requests, together.rows) == ("doubling", 1, 5, 10)
    assert together.waiting == 0
    assert together.waited > 0
    assert together.seconds >= 0


def test_a_run_takes_no_more_rows_than_it_may_and_those_that_wait_keep_their_order() -> None:
    model = Doubling()
    crowd = Crowd(batcher(model, rows=4), model)
    asked = [crowd.ask(1.0, 2.0, 3.0), crowd.ask(4.0, 5.0), crowd.ask(6.0), crowd.ask(7.0)]
    crowd.release()
    assert [one.values for one in asked] == [[2.0, 4.0, 6.0], [8.0, 10.0], [12.0], [14.0]]
    assert [rows for _, rows in model.runs[1:]] == [[1.0, 2.0, 3.0, 6.0], [4.0, 5.0, 7.0]]


def test_a_request_that_is_a_batch_itself_does_not_wait() -> None:
    model = Doubling()
    crowd = Crowd(batcher(model, rows=2), model)
    large = Asked(lambda: crowd.batched.predict(rows_of(1.0, 2.0)))
    until(lambda: len(model.runs) == 2)
    crowd.release()
    assert large.values == [2.0, 4.0]


@pytest.mark.parametrize(
    ("seconds", "spelled"), [(-1, "no time at all"), (2.5e-5, "no time at all"), (0.0251, "25 ms"), (2.0, "2 s")]
)
def test_a_wait_is_told_in_units_that_people_read(seconds: float, spelled: str) -> None:
    assert spell(seconds) == spelled


def test_requests_with_probabilities_share_no_run_with_those_without() -> None:
    model = Doubling()
    crowd = Crowd(batcher(model), model)
    asked = [crowd.ask(float(number), probabilities=number % 2 == 0) for number in range(1, 6)]
    crowd.release()
    assert [one.values for one in asked] == [[2.0 * number] for number in range(1, 6)]
    chances = [one.prediction.listed_probabilities for one in asked if one.prediction]
    assert chances == [None, [(2.0, -2.0)], None, [(4.0, -4.0)], None]
    assert model.runs[1:] == [(False, [1.0, 3.0, 5.0]), (True, [2.0, 4.0])]


def test_a_poisoned_row_fails_its_own_request_and_no_other() -> None:
    model, noticed = Doubling(), Noticed()
    crowd = Crowd(batcher(model, observer=noticed), model)
    asked = [crowd.ask(float(number), POISON if number == 3 else 0.0) for number in range(8)]
    crowd.release()
    assert isinstance(asked[3].failure, ZeroDivisionError)
    assert [one.values[0] for one in asked if one is not asked[3]] == [0.0, 2.0, 4.0, 8.0, 10.0, 12.0, 14.0]
    until(lambda: len(noticed.runs) == 2)
    assert noticed.runs[1].requests == 8


def test_a_refusal_names_the_row_of_the_request_it_belongs_to() -> None:
    model = Doubling()
    crowd = Crowd(batcher(model), model)
    good, bad, also = crowd.ask(1.0, 2.0), crowd.ask(3.0, REFUSED), crowd.ask(REFUSED, 4.0, REFUSED)
    crowd.release()
    assert good.values == [2.0, 4.0]
    assert isinstance(bad.failure, InvalidInput)
    assert [problem.row for problem in bad.failure.problems] == [1]
    assert isinstance(also.failure, InvalidInput)
    assert [problem.row for problem in also.failure.problems] == [0, 2]


def test_a_model_that_answers_too_few_rows_is_asked_again_one_by_one() -> None:
    class Short(Doubling):
        def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
            answer = super().predict(rows, probabilities=probabilities)
            return answer if rows.count < 3 else answer.part(0, 2)

    model = Short()
    crowd = Crowd(batcher(model), model)
    asked = [crowd.ask(float(number)) for number in range(1, 5)]
    crowd.release()
    assert [one.values for one in asked] == [[2.0], [4.0], [6.0], [8.0]]


def test_what_is_meant_for_one_thread_ends_only_its_own_request() -> None:
    model = Doubling()
    crowd = Crowd(batcher(model), model)
    ended, *others = [crowd.ask(POISON + 1), crowd.ask(2.0), crowd.ask(3.0)]
    crowd.release()
    assert isinstance(ended.failure, Enough)
    assert [one.values for one in others] == [[4.0], [6.0]]
    assert list(crowd.batched.predict(rows_of(4.0)).listed_values) == [8.0]


def test_a_full_queue_answers_at_once() -> None:
    model, noticed = Doubling(), Noticed()
    crowd = Crowd(batcher(model, queue=2, observer=noticed), model)
    asked = [crowd.ask(1.0), crowd.ask(2.0)]
    began = time.monotonic()
    with pytest.raises(ServerBusy, match="doubling@1: 2 requests wait for it already"):
        crowd.batched.predict(rows_of(3.0))
    assert time.monotonic() - began < 0.05
    crowd.release()
    assert [one.values for one in asked] == [[2.0], [4.0]]
    assert list(crowd.batched.predict(rows_of(3.0)).listed_values) == [6.0]
    assert len(noticed.turned) == 1
    assert 3.0 not in [row for _, rows in model.runs[:2] for row in rows]


def test_a_request_whose_time_is_up_never_reaches_the_model() -> None:
    model, noticed = Doubling(), Noticed()
    crowd = Crowd(batcher(model, seconds=0.05, observer=noticed), model)
    late = crowd.ask(1.0)
    assert isinstance(late.failure, ServerBusy)
    assert "as long as it may" in str(late.failure)
    assert crowd.batched.waiting == 0
    crowd.release()
    assert crowd.first.values == [0.0]
    assert model.runs == [(False, [0.0])]
    assert len(noticed.turned) == 1


def test_a_clients_own_deadline_counts_where_it_is_nearer() -> None:
    model = Doubling()
    batched = batcher(model)
    with within(0), pytest.raises(DeadlineExceeded, match="waited no time at all for its turn"):
        batched.predict(rows_of(1.0))
    with within(60):
        assert list(batched.predict(rows_of(2.0)).listed_values) == [4.0]
    crowd = Crowd(batched, model)

    def impatient() -> Prediction:
        with within(0.05):
            return batched.predict(rows_of(3.0))

    assert isinstance(Asked(impatient).failure, DeadlineExceeded)
    crowd.release()
    assert crowd.first.values == [0.0]
    assert [rows for _, rows in model.runs] == [[2.0], [0.0]]


def test_an_answer_tells_how_long_its_request_waited() -> None:
    model = Doubling()
    crowd = Crowd(batcher(model), model)
    asked = crowd.ask(1.0)
    time.sleep(0.02)
    crowd.release()
    assert asked.values == [2.0]
    assert asked.prediction is not None
    assert asked.prediction.waited >= 0.02


def test_one_who_gives_up_while_waiting_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Doubling()
    crowd = Crowd(batcher(model), model)

    def give_up(*_: object) -> bool:
        raise Enough

    with monkeypatch.context() as patch:
        patch.setattr("carafe.serving.turn.Turn.sleep", give_up)
        gone = Asked(lambda: crowd.batched.predict(rows_of(1.0)))
        assert isinstance(gone.failure, Enough)
    stayed = crowd.ask(2.0)
    crowd.release()
    assert stayed.values == [4.0]
    assert [rows for _, rows in model.runs] == [[0.0], [2.0]]


def test_one_who_gives_up_when_it_was_to_lead_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    model, go = Doubling(), Event()
    crowd = Crowd(batcher(model), model)

    def sleep_badly(*_: object) -> bool:
        assert go.wait(10)
        raise Enough

    with monkeypatch.context() as patch:
        patch.setattr("carafe.serving.turn.Turn.sleep", sleep_badly)
        gone = crowd.ask(1.0)
    stayed = crowd.ask(2.0)
    crowd.release()
    assert crowd.first.values == [0.0]
    go.set()
    assert isinstance(gone.failure, Enough)
    assert stayed.values == [4.0]
    assert list(crowd.batched.predict(rows_of(3.0)).listed_values) == [6.0]


Requests = st.lists(
    st.tuples(
        st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.5, -7.25, POISON, REFUSED]), min_size=1, max_size=4), st.booleans()
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=60)
@given(requests=Requests, most=st.integers(2, 12))
def test_however_requests_mix_each_gets_what_it_would_get_alone(
    requests: list[tuple[list[float], bool]], most: int
) -> None:
    model = Doubling()
    crowd = Crowd(batcher(model, rows=most), model)
    asked = []
    for numbers, chances in requests:
        if len(numbers) < most:
            asked.append((numbers, chances, crowd.ask(*numbers, probabilities=chances)))
    crowd.release()
    for numbers, chances, one in asked:
        if any(number >= POISON for number in numbers):
            assert isinstance(one.failure, ZeroDivisionError)
        elif any(number <= REFUSED for number in numbers):
            assert isinstance(one.failure, InvalidInput)
            refused = [index for index, number in enumerate(numbers) if number <= REFUSED]
            assert [problem.row for problem in one.failure.problems] == refused
        else:
            assert one.values == [2 * number for number in numbers]
            assert one.prediction is not None
            given = one.prediction.listed_probabilities
            assert given == ([(number, -number) for number in numbers] if chances else None)
    assert crowd.first.values == [0.0]
    assert all(len(rows) <= most for _, rows in model.runs)
    assert model.most_at_once == 1
    assert crowd.batched.waiting == 0


class Client:
    """Asks for whatever the dice say, and keeps what went wrong."""

    def __init__(self, batched: Batcher, *, number: int, dice: random.Random) -> None:
        self.batched = batched
        self.number = number
        self.dice = dice
        self.seen: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> Prediction:
        for step in range(150):
            special = self.dice.choices([None, POISON, REFUSED], [18, 1, 1])[0]
            numbers = [self.number * 10 + step % 10 + part / 8 for part in range(self.dice.randint(1, 5))]
            if special is not None:
                numbers[self.dice.randrange(len(numbers))] = special
            with within(self.dice.choice([0.0, 0.0005, 5.0, 5.0, 5.0])):
                came = self._ask(numbers)
            self.seen[came.partition(" ")[0]] += 1
            fits = {
                None: f"answered {[2 * part for part in numbers]}",
                POISON: "poisoned",
                REFUSED: f"refused {[row for row, part in enumerate(numbers) if part == REFUSED]}",
            }
            if came not in {fits[special], "busy"}:
                self.wrong.append(f"{numbers}: {came}")
        return Prediction.of_lists([])

    def _ask(self, numbers: list[float]) -> str:
        try:
            return f"answered {list(self.batched.predict(rows_of(*numbers)).listed_values)}"
        except (ServerBusy, DeadlineExceeded):
            return "busy"
        except InvalidInput as error:
            return f"refused {[problem.row for problem in error.problems]}"
        except ZeroDivisionError:
            return "poisoned"


@pytest.mark.parametrize("seed", range(3))
def test_under_load_every_answer_goes_to_its_owner(seed: int) -> None:
    """16 threads, some rows poisoned, some refused, some requests out of time, some too many for the queue."""
    batched = batcher(Doubling(), rows=16, queue=12)
    dice = [random.Random(seed * 100 + number) for number in range(16)]  # noqa: S311 - a test's own dice
    clients = [Client(batched, number=number, dice=own) for number, own in enumerate(dice)]
    for asked in [Asked(client.run) for client in clients]:
        assert asked.values == []
    assert [story for client in clients for story in client.wrong] == []
    seen = sum((client.seen for client in clients), Counter[str]())
    assert set(seen) == {"answered", "busy", "refused", "poisoned"}
    assert seen.total() == 16 * 150
    assert batched.waiting == 0
    assert list(batched.predict(rows_of(3.0)).listed_values) == [6.0]


def test_a_prediction_that_fails_alone_is_told_as_the_model_told_it() -> None:
    class Failing(Doubling):
        def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
            raise PredictionFailed(f"{rows.count} rows, {probabilities}")

    with pytest.raises(PredictionFailed, match="1 rows"):
        batcher(Failing()).predict(rows_of(1.0))
