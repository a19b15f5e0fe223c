"""Is a bank never asked more often than it allows, and is what it allows spent with sense?"""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.budget import CALLS_PER_DAY, DAY, Purse, Scope
from pipelines.pace import Pace, shared_pace

HOUR = 3_600
NOW = 1_795_000_000
LINES = Scope("transactions", 8 * HOUR)


def purse(**memory: Any) -> Purse:
    return Purse(LINES, dict(memory))


@given(st.lists(st.tuples(st.integers(0, 5 * HOUR), st.booleans()), max_size=60))
def test_no_day_holds_more_calls_than_the_bank_allows(visits: list[tuple[int, bool]]) -> None:
    """Whoever visits, however often: calls are made when the purse allows them."""
    found, now, made = purse(), NOW, list[int]()
    for wait, is_asked_for in visits:
        now += wait
        when = found.allowed_at(now, is_asked_for=True) if is_asked_for else found.planned_at(now)
        if when <= now:
            found.reserve(now)
            found.brought(now)
            made.append(now)
    for call in made:
        assert sum(call - DAY < other <= call for other in made) <= CALLS_PER_DAY


def test_by_itself_a_scope_is_read_three_times_a_day_and_a_request_has_the_fourth() -> None:
    found, now, made = purse(), NOW, list[int]()
    for _ in range(2 * DAY // 300):
        if found.planned_at(now) <= now:
            found.reserve(now)
            found.brought(now)
            made.append(now - NOW)
        now += 300
    assert made == [0, 8 * HOUR, 16 * HOUR, 24 * HOUR, 32 * HOUR, 40 * HOUR]
    assert found.allowed_at(now, is_asked_for=True) == now


def test_requests_use_all_four_calls_and_then_wait_for_the_oldest_to_be_a_day_old() -> None:
    found = purse()
    for minute in range(4):
        assert found.allowed_at(NOW + 60 * minute, is_asked_for=True) == NOW + 60 * minute
        found.reserve(NOW + 60 * minute)
    assert found.allowed_at(NOW + 300, is_asked_for=True) == NOW + DAY
    assert found.allowed_at(NOW + 300, is_asked_for=False) == NOW + 60 + DAY


def test_a_call_that_the_bank_refused_is_given_back() -> None:
    found = purse()
    found.reserve(NOW)
    found.reserve(NOW + 10)
    found.give_back(NOW + 10)
    assert found.memory["calls"] == [NOW]


def test_the_providers_own_count_outranks_ours() -> None:
    of_others = purse(calls=[NOW])
    of_others.heed(NOW, 4, 1, 500)  # three are used, though we made one
    assert of_others.memory["calls"] == [NOW] * 3
    unused = purse(calls=[NOW - 20, NOW - 10, NOW])
    unused.heed(NOW, 4, 3, 500)  # a reservation of a run that was killed was never used
    assert unused.memory["calls"] == [NOW]
    nothing_left = purse(calls=[NOW])
    nothing_left.heed(NOW, 4, 0, 500)
    assert nothing_left.allowed_at(NOW, is_asked_for=True) == NOW + DAY
    stricter = purse(calls=[NOW])
    stricter.heed(NOW, 2, 1, 500)
    assert (stricter.limit, stricter.allowed_at(NOW, is_asked_for=False)) == (2, NOW + DAY)
    generous = purse(calls=[NOW])
    generous.heed(NOW, 10, 9, 500)
    assert generous.limit == CALLS_PER_DAY
    silent = purse(calls=[NOW])
    silent.heed(NOW, None, None, None)
    assert silent.memory == {"calls": [NOW]}


def test_a_report_says_when_the_next_call_is_made_and_when_one_may_be_asked_for() -> None:
    found = purse()
    found.reserve(NOW)
    found.brought(NOW)
    assert found.report(NOW + 60) == {
        "scope": "transactions",
        "calls_per_day": 4,
        "calls_made": 1,
        "calls_made_at": ["2026-11-18T11:06:40Z"],
        "last_read_at": "2026-11-18T11:06:40Z",
        "next_allowed_at": "2026-11-18T11:07:40Z",
        "next_planned_at": "2026-11-18T19:06:40Z",
    }


async def test_all_connections_of_an_application_share_its_calls_per_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace, passed, told = Pace(3, seconds=0.2), list[float](), list[float]()

    def clock() -> float:
        told.append(time.monotonic())
        return told[-1]

    monkeypatch.setattr("pipelines.pace.time", SimpleNamespace(monotonic=clock))

    async def call() -> None:
        await pace.turn()
        passed.append(told[-1])  # when it passed, and not when this line is reached

    await asyncio.gather(*(call() for _ in range(8)))
    passed.sort()
    assert all(later - earlier > 0.19 for earlier, later in zip(passed, passed[3:], strict=False))
    assert shared_pace("name", 3) is shared_pace("name", 3)
    assert shared_pace("name", 3) is not shared_pace("other", 3)
