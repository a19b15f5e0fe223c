"""Which lists does a run read? Those of which events tell nothing, each when its time has come."""

from typing import Any

from pipelines.stripe.objects import selected_names
from pipelines.stripe.plan import DAY, finish_backfill, plan_backfill, plan_incremental

BEGUN = 1_790_000_000
ALL = selected_names(None)
OPEN = ("/v1/invoice_payments", {"status": "open"})


def backfilled() -> dict[str, Any]:
    """What a connection remembers once all of it was read."""
    state: dict[str, Any] = {}
    for reading in plan_backfill(state, ALL, since=0, until=0, now=BEGUN):
        reading.spans.clear()
    finish_backfill(state, ALL, since=0, until=0)
    return state


def polled(state: dict[str, Any], now: int) -> list[tuple[str, dict[str, str]]]:
    """Which lists a poll finds something to read of, and reads to their end."""
    readings = plan_incremental(state, ALL, now=now, is_new=True)
    found = [(r.endpoint.path, dict(r.endpoint.parameters)) for r in readings if r.spans]
    for reading in readings:
        reading.spans.clear()
    return found


def test_a_backfill_reads_the_whole_list_of_invoice_payments_and_no_part_of_it_again() -> None:
    readings = plan_backfill({}, ALL, since=0, until=0, now=BEGUN)
    read = [r.endpoint.query() for r in readings if r.endpoint.object == "invoice_payment"]
    assert read == [{}]


def test_open_invoice_payments_are_read_by_the_first_poll_and_once_a_day_from_then() -> None:
    state = backfilled()
    asked = [OPEN in polled(state, BEGUN + after) for after in (60, 3_600, DAY, DAY + 60, 2 * DAY)]
    assert asked == [True, False, False, True, False]


def test_a_part_that_was_not_read_to_its_end_is_still_there_for_the_next_run() -> None:
    state = backfilled()
    for after in (60, 120):
        (opened,) = [
            r for r in plan_incremental(state, ALL, now=BEGUN + after, is_new=True)
            if r.endpoint.part
        ]  # fmt: skip
        assert opened.spans == [[0, 0, "", 0]]


def test_only_who_wants_invoice_payments_reads_a_part_of_them() -> None:
    charges = plan_incremental(backfilled(), frozenset({"charge"}), now=BEGUN + DAY, is_new=True)
    assert [r.endpoint.object for r in charges] == ["event"]
