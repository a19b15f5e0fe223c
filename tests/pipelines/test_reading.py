"""Do connections of one provider fail alone, and resume where their last load ended?"""

from collections import Counter
from typing import Any

import pytest

from core.connections import Connection
from core.errors import InvalidInputError
from core.settings import Settings
from core.tenancy import TenantId
from pipelines.batches import RawObject, Sink
from pipelines.failures import (
    ConsentNeededError,
    LimitReachedError,
    NotOfferedError,
    ProviderUnavailableError,
)
from pipelines.reading import ProviderRun, Visit, wanted
from pipelines.reports import ConnectionOutcome
from pipelines.window import EVERYTHING, Window

NAMES = frozenset({"account", "transaction"})


def connection(name: str) -> Connection:
    return Connection(TenantId("ws_a"), f"conn_{name}", "bank", name, name, "", {})


def run_of(read: Any, *names: str, rows: int = 10, window: Window | None = None) -> ProviderRun:
    return ProviderRun(
        "bank", read, Settings(), [connection(name) for name in names],
        names=NAMES, window=window, chunk_rows=rows,
    )  # fmt: skip


async def chunk(run: ProviderRun, state: dict[str, Any]) -> Counter[str]:
    """Run one chunk and return how many rows each table got, with their origins."""
    sink, landed = Sink(), Counter[str]()
    await run.work(sink, state)
    sink.finish()
    while (batch := await sink.next_batch()) is not None:
        for origin in batch.rows.column("origin").to_pylist():
            landed[f"{batch.resource} {origin}"] += 1
    return landed


def objects(count: int) -> list[RawObject]:
    return [RawObject(str(number), 1, False, b"{}") for number in range(count)]


def outcome(run: ProviderRun, name: str) -> ConnectionOutcome:
    return next(o for o in run.outcomes() if o.connection.name == name)


async def pages_of_four(visit: Visit) -> bool:
    """Read twelve rows in pages of four, and write down where it stopped."""
    while visit.memory.get("page", 0) < 3:
        await visit.land("transaction", objects(4))
        visit.memory["page"] = visit.memory.get("page", 0) + 1
        if visit.is_full():
            return bool(visit.memory["page"] == 3)
    return True


async def test_a_full_chunk_ends_and_the_next_goes_on_from_the_memory() -> None:
    run, state = run_of(pages_of_four, "one", rows=8), {}
    assert await chunk(run, state) == {"transaction backfill": 8}
    assert state["connections"]["ws_a|conn_one"] == {"page": 2}
    assert not run.is_done
    assert await chunk(run, state) == {"transaction backfill": 4}
    assert run.is_done
    assert outcome(run, "one") == ConnectionOutcome(
        connection=connection("one"), rows={"transaction": 12}
    )
    assert state["connections"]["ws_a|conn_one"] == {"page": 3, "was_whole": True}


async def test_what_changed_after_a_whole_read_is_a_poll_and_a_window_is_a_backfill() -> None:
    async def one_row(visit: Visit) -> bool:
        await visit.land("account", objects(1))
        return True

    state: dict[str, Any] = {}
    assert await chunk(run_of(one_row, "one"), state) == {"account backfill": 1}
    assert await chunk(run_of(one_row, "one"), state) == {"account poll": 1}
    again = run_of(one_row, "one", window=EVERYTHING)
    assert await chunk(again, state) == {"account backfill": 1}


async def test_each_connection_and_each_part_fails_alone() -> None:
    async def read(visit: Visit) -> bool:
        async def part() -> bool:
            raise {
                "expired": ConsentNeededError("The consent ended on 3 May."),
                "spent": LimitReachedError("Four calls a day."),
                "plain": NotOfferedError("No investments here."),
            }[visit.connection.name]

        if visit.connection.name == "down":
            raise ProviderUnavailableError("6 attempts failed.")
        await visit.land("account", objects(2))
        return await visit.part("transaction", part())

    run = run_of(read, "expired", "spent", "plain", "down")
    assert await chunk(run, {}) == {"account backfill": 6}
    assert run.is_done
    told = {
        o.connection.name: (o.status, o.reason, dict(o.skipped), dict(o.failed), o.complete)
        for o in run.outcomes()
    }
    assert told == {
        "expired": ("reconsent_required", "The consent ended on 3 May.", {}, {}, False),
        "spent": ("degraded", "Four calls a day.", {}, {"transaction": "Four calls a day."}, False),
        "plain": ("active", "", {"transaction": "No investments here."}, {}, True),
        "down": ("degraded", "6 attempts failed.", {}, {"connection": "6 attempts failed."}, False),
    }


async def test_an_object_that_is_not_wanted_does_not_land() -> None:
    async def read(visit: Visit) -> bool:
        await visit.land("balance", objects(3))
        return True

    run = run_of(read, "one")
    assert await chunk(run, {}) == {}
    assert dict(outcome(run, "one").rows) == {}


def test_objects_are_asked_for_by_name() -> None:
    groups = {"money": ("transaction", "balance"), "who": ("account",)}
    assert wanted(groups, None) == {"transaction", "balance", "account"}
    assert wanted(groups, ["balance"]) == {"balance"}
    with pytest.raises(InvalidInputError, match="no object charge, tax"):
        wanted(groups, ["tax", "charge", "account"])
