"""The circuit breaker, with hands of its own on its clock."""

import contextlib

import pytest

from bot.engine.breaker import Breaker


class Fault(Exception):
    def __init__(self, retry_after: float | None = None) -> None:
        self.retry_after = retry_after


class Hands:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def breaker(clock: Hands) -> Breaker:
    return Breaker(3, 2.0, 60.0, clock, lambda: 0.0)


def fail(breaker: Breaker, retry_after: float | None = None) -> None:
    with contextlib.suppress(Fault), breaker.trying(Fault):
        raise Fault(retry_after)


def succeed(breaker: Breaker) -> None:
    with breaker.trying(Fault):
        pass


def test_failures_in_a_row_open_it_and_a_success_between_does_not_count(breaker: Breaker) -> None:
    for step in (fail, fail, succeed, fail, fail):
        assert breaker.allows()
        step(breaker)
    assert breaker.allows()
    assert not breaker.open
    fail(breaker)
    assert breaker.open
    assert not breaker.allows()


def test_one_trial_after_the_pause_closes_it(breaker: Breaker, clock: Hands) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now += 1.9
    assert not breaker.allows()
    clock.now += 0.2
    assert breaker.allows()
    with breaker.trying(Fault):
        assert not breaker.allows()  # the others wait for what it finds
    assert breaker.allows()
    assert not breaker.open
    fail(breaker)
    fail(breaker)
    assert not breaker.open  # counting begins anew


def test_pauses_grow_to_the_longest(breaker: Breaker, clock: Hands) -> None:
    for _ in range(3):
        fail(breaker)
    pauses = []
    for _ in range(7):
        pauses.append(breaker.pause)
        clock.now += breaker.pause
        assert breaker.allows()
        fail(breaker)
    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_chance_makes_a_pause_up_to_half_as_long_again(clock: Hands) -> None:
    breaker = Breaker(1, 2.0, 60.0, clock, lambda: 1.0)
    fail(breaker)
    assert breaker.pause == 3.0


def test_a_trial_that_is_cancelled_leaves_the_next_one_its_turn(breaker: Breaker, clock: Hands) -> None:
    for _ in range(3):
        fail(breaker)
    clock.now += 2
    with pytest.raises(KeyboardInterrupt), breaker.trying(Fault):
        raise KeyboardInterrupt
    assert breaker.open
    assert breaker.allows()


def test_failures_of_tries_that_were_under_way_do_not_lengthen_the_pause(breaker: Breaker, clock: Hands) -> None:
    with contextlib.suppress(Fault), breaker.trying(Fault):
        for _ in range(3):
            fail(breaker)
        clock.now += 1
        raise Fault
    assert breaker.pause == 1.0


def test_the_pause_is_what_the_service_asks_for_within_reason(breaker: Breaker) -> None:
    for _ in range(3):
        fail(breaker, 20.0)
    assert breaker.pause == 20.0
    long = Breaker(1, 2.0, 60.0, Hands(), lambda: 0.0)
    fail(long, 86_400.0)
    assert long.pause == 60.0
