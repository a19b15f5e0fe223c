"""Guards how an organisation is read: pages, If-Modified-Since, and limits that are never met."""

import asyncio
import json
from datetime import UTC, datetime

import msgspec
import pytest

from core.clock import utc_now
from pipelines.failures import LimitReachedError
from pipelines.window import EVERYTHING, Window
from pipelines.xero.limits import DAY_RESERVE, Allowance, Budget
from pipelines.xero.objects import BY_OBJECT
from pipelines.xero.pages import UnreadableAnswerError, page_of
from pipelines.xero.reader import plan

INVOICES, JOURNALS = BY_OBJECT["invoice"], BY_OBJECT["journal"]
ALL = frozenset(BY_OBJECT)


class Ticks:
    """A clock of its own, which waits move."""

    def __init__(self, monkeypatch) -> None:
        self.now, self.left = 1_000.0, []

        async def sleep(seconds: float) -> None:
            self.now += seconds

        monkeypatch.setattr("pipelines.xero.limits.asyncio.sleep", sleep)

    def __call__(self) -> float:
        return self.now


def spend(budget: Budget, clock: Ticks, number: int) -> list[float]:
    moments = []

    async def work() -> None:
        for _ in range(number):
            await budget.spend(clock)
            moments.append(clock.now)
            clock.now += 0.2

    asyncio.run(work())
    return moments


def most_in_a_minute(moments: list[float]) -> int:
    return max(sum(start <= at < start + 60 for at in moments) for start in moments)


def test_no_minute_holds_more_requests_than_are_allowed(monkeypatch):
    clock = Ticks(monkeypatch)
    moments = spend(Budget(55), clock, 400)
    assert most_in_a_minute(moments) == 55
    assert moments[54] - moments[0] == pytest.approx(54 * 0.2)  # a burst is not spread


def test_a_later_run_goes_on_counting(monkeypatch):
    clock = Ticks(monkeypatch)
    first = Budget(55)
    before = spend(first, clock, 50)
    second = Budget(55)
    second.restore(json.loads(json.dumps(first.spent())))
    assert most_in_a_minute(before + spend(second, clock, 60)) == 55


def test_what_others_spend_of_the_same_limit_is_counted(monkeypatch):
    clock = Ticks(monkeypatch)
    budget = Budget(55)
    spend(budget, clock, 5)
    budget.learn(3, clock)  # Xero says that three are left in this minute
    moments = spend(budget, clock, 4)
    assert moments[3] - moments[2] > 50
    counted = budget.spent()
    budget.learn(60, clock)  # an answer that allows more takes nothing back
    assert budget.spent() == counted


def test_a_day_that_is_nearly_spent_is_left_to_its_users():
    memory = {}
    allowance = Allowance(memory, Budget(100))
    allowance.learn({"x-daylimit-remaining": str(DAY_RESERVE + 1), "x-minlimit-remaining": "junk"})
    asyncio.run(allowance.spend())
    allowance.learn({"x-daylimit-remaining": str(DAY_RESERVE)})
    with pytest.raises(LimitReachedError, match="50 requests are left") as reached:
        asyncio.run(allowance.spend())
    assert reached.value.again_at > utc_now()
    memory["day"]["at"] -= 3_601  # an hour later it is asked again
    asyncio.run(Allowance(memory, Budget(100)).spend())


def body(rows: str, pagination: str = "", name: str = "Invoices") -> bytes:
    return f'{{"Id":"x",{pagination} "DateTimeUTC":"\\/Date(1)\\/","{name}":[{rows}]}}'.encode()


def test_objects_are_cut_out_byte_for_byte_and_named_by_their_key_or_a_hash():
    exact = '{ "InvoiceID":"a-1" ,"Total":72.10,"Date":"\\/Date(1518685950940+0000)\\/"}'
    page = page_of(body(f'{exact},{{"Total":1}},null,{{"InvoiceID":7}}'), INVOICES, 5)
    first, nameless, nothing, numbered = page.rows
    assert (first.id, bytes(msgspec.Raw(first.payload))) == ("a-1", exact.encode())
    assert {nameless.id[:7], nothing.id[:7]} == {"sha256_"}
    assert numbered.id == "7"
    assert {(row.version, row.is_deleted) for row in page.rows} == {(5, False)}


def test_a_server_that_counts_its_pages_is_believed_and_another_is_asked_until_it_is_empty():
    counted = '"pagination":{"page":2,"pageSize":1,"pageCount":%d,"itemCount":9},'
    one = '{"InvoiceID":"a"}'
    assert page_of(body(one, counted % 2), INVOICES, 1).is_last
    assert not page_of(body(one, counted % 3), INVOICES, 1).is_last
    assert not page_of(body(one), INVOICES, 1).is_last
    assert page_of(body(""), INVOICES, 1).is_last
    assert page_of(body("", name="Accounts"), BY_OBJECT["account"], 1).is_last
    journals = body('{"JournalID":"a","JournalNumber":41},{"JournalNumber":"x"}', name="Journals")
    page = page_of(journals.replace(b'"x"', b"42"), JOURNALS, 1)
    assert (page.last_number, page.is_last) == (42, False)


def test_what_is_no_list_is_never_taken_for_an_empty_one():
    for answer in (b"", b"[]", b'{"Invoices":', b'{"Status":"OK"}', b'{"Invoices": {}}'):
        with pytest.raises(UnreadableAnswerError):
            page_of(answer, INVOICES, 1)


def test_a_first_run_reads_everything_and_the_next_what_was_modified_since():
    memory = {}
    plan(memory, ALL, None, 1_000_000)
    assert {left["since"] for left in memory["lists"].values()} == {0}
    memory["lists"]["invoice"]["page"] = 7
    plan(memory, ALL, None, 1_000_600)  # interrupted: goes on
    assert memory["lists"]["invoice"] == {
        "begun": 1_000_000, "since": 0, "page": 7, "where": "",
    }  # fmt: skip
    memory["lists"].clear()
    memory["since"] = dict.fromkeys(ALL, 1_000_000)
    plan(memory, ALL, None, 1_001_000)
    assert set(memory["lists"]) == ALL - {"organisation", "account"}  # those rest a while
    assert {left["since"] for left in memory["lists"].values()} == {1_000_000 - 300}
    memory["lists"].clear()
    plan(memory, ALL, None, 1_090_000)
    since = {name: left["since"] for name, left in memory["lists"].items()}
    assert since.pop("organisation") == 0  # cannot be asked for changes
    assert since == dict.fromkeys(ALL - {"organisation"}, 1_000_000 - 300)


def test_a_window_is_about_the_documents_dates_and_a_new_one_starts_over():
    memory = {"journals": 99}
    window = Window(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    plan(memory, frozenset({"invoice", "contact", "journal"}), window, 1)
    where = {name: left["where"] for name, left in memory["lists"].items()}
    assert where == {
        "invoice": "Date >= DateTime(2026, 01, 31) AND Date <= DateTime(2026, 03, 01)",
        "contact": "", "journal": "",
    }  # fmt: skip
    assert "journals" not in memory
    memory["lists"]["invoice"]["page"] = 4
    plan(memory, frozenset({"invoice", "contact", "journal"}), window, 2)
    assert memory["lists"]["invoice"]["page"] == 4
    plan(memory, frozenset({"invoice"}), EVERYTHING, 3)
    assert set(memory["lists"]) == {"invoice"}
    assert memory["lists"]["invoice"] == {"begun": 3, "since": 0, "page": 1, "where": ""}
