"""Guards how a company is read: whole though it moves, changes though they overflow."""

import json

import pytest

from pipelines.ingest import backfill, incremental, ingest_pipeline, shard_of
from pipelines.quickbooks import company as quickbooks_company
from pipelines.quickbooks.objects import BY_OBJECT
from pipelines.quickbooks.pages import IncompleteAnswerError, changed, queried
from pipelines.quickbooks.plan import CHANGES_KEPT, WHOLE, finish, plan
from pipelines.raw import RawTable
from pipelines.window import EVERYTHING
from tests.pipelines.fake_quickbooks import FakeCompany, ago, connection
from tests.pipelines.fake_stripe import serving

ALL = frozenset(BY_OBJECT)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    """A fake has no limits to keep."""
    patience = quickbooks_company.PATIENCE
    hasty = type(patience)(requests_per_second=1000, first_pause_seconds=0.01)
    monkeypatch.setattr("pipelines.quickbooks.reader.PATIENCE", hasty)


@pytest.fixture
def kept(warehouse):
    """Return (is_deleted, payload) by id of an object in a workspace."""

    def read(workspace, name):
        found = warehouse.rows(
            "select id, argMax((is_deleted, payload), version) as state"
            f" from {RawTable('quickbooks', name).name}"
            " where workspace_id = {workspace:String} group by id",
            {"workspace": workspace},
        )
        return {row["id"]: tuple(row["state"]) for row in found}

    return read


def test_payloads_land_byte_for_byte_and_malformed_ones_too(fresh, kept):
    fake = FakeCompany()
    exact = '{ "Id":"7" ,"TotalAmt": 72.10,"Rate":1e2, "PrivateNote":"Zo\\u00eb é" }'
    fake.put("Invoice", 7, updated=ago(days=1), body=exact)
    fake.put("Invoice", 8, updated=ago(days=1), body='{"TotalAmt": "about 12"}')
    fake.put("Invoice", 9, updated=ago(days=1), body='"no object"')
    with serving(fake.answer) as url:
        report = backfill(fresh, [connection("ws_qb_bytes", url)], objects=["invoice"])
    assert (report.rows, report.failures) == ({"invoice": 3}, ())
    found = kept("ws_qb_bytes", "invoice")
    assert found["7"] == (0, exact)
    assert sorted(payload for _, payload in found.values()) == sorted(
        [exact, '{"TotalAmt": "about 12"}', '"no object"']
    )


def test_a_list_that_moves_while_it_is_read_loses_nothing(fresh, kept):
    """Three objects of the first page vanish before the second: the rest moves forward by three."""
    fake = FakeCompany()
    for number in range(1, 2_501):
        fake.put("Bill", number, updated=ago(days=1))

    def remove_three(company, text):
        if "STARTPOSITION 1000 " in text and 5 in company.rows["Bill"]:
            for number in (5, 6, 7):
                company.remove("Bill", number, at=ago(seconds=0))

    fake.before = remove_three
    with serving(fake.answer) as url:
        backfill(fresh, [connection("ws_qb_moves", url)], objects=["bill"])
    assert set(kept("ws_qb_moves", "bill")) == {str(number) for number in range(1, 2_501)}
    starts = [int(text.split("STARTPOSITION ")[1].split()[0]) for text in fake.queries]
    assert starts == [1, 1000, 1, 1000, 1999]


def test_inactive_names_are_asked_for(fresh):
    fake = FakeCompany()
    with serving(fake.answer) as url:
        backfill(fresh, [connection("ws_qb_inactive", url)], objects=["customer", "invoice"])
    assert sorted(fake.queries) == [
        "SELECT * FROM Customer WHERE Active IN (true, false) ORDERBY Id STARTPOSITION 1"
        " MAXRESULTS 1000",
        "SELECT * FROM Invoice ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000",
    ]


def test_changes_and_removals_come_after_the_first_run(fresh, kept):
    fake = FakeCompany()
    for number in (1, 2, 3):
        fake.put("Invoice", number, updated=ago(days=9))
    with serving(fake.answer) as url:
        mine = connection("ws_qb_changes", url)
        incremental(fresh, [mine])
        assert fake.changes == []
        fake.put("Invoice", 2, updated=ago(seconds=0), body='{"Id":"2","TotalAmt":5}')
        fake.remove("Invoice", 3, at=ago(seconds=0))
        lists = len(fake.queries)
        report = incremental(fresh, [mine])
    assert report.rows == {"invoice": 2}
    assert len(fake.queries) == lists  # nothing is listed again
    ((entities, since),) = fake.changes
    assert "Invoice" in entities
    assert "Preferences" not in entities
    assert ago(minutes=7) < since < ago(minutes=4)  # an overlap of five minutes
    found = kept("ws_qb_changes", "invoice")
    assert {id: deleted for id, (deleted, _) in found.items()} == {"1": 0, "2": 0, "3": 1}
    assert json.loads(found["2"][1])["TotalAmt"] == 5


def test_more_changes_than_one_answer_holds_are_all_found_removals_too(fresh, kept):
    """1,000 at most, shared by all entities: fewer are asked for, then a query and a sweep help."""
    fake = FakeCompany()
    for number in range(1, 31):
        fake.put("Invoice", number, updated=ago(days=9))
        fake.put("Payment", number, updated=ago(days=9))
    with serving(fake.answer) as url:
        mine = connection("ws_qb_overflow", url)
        incremental(fresh, [mine])
        for number in range(1, 1_301):
            fake.put("Invoice", number, updated=ago(seconds=0), body=f'{{"Id":"{number}","v":2}}')
        fake.remove("Invoice", 17, at=ago(seconds=0))
        fake.put("Payment", 4, updated=ago(seconds=0), body='{"Id":"4","v":2}')
        fake.remove("Payment", 9, at=ago(seconds=0))
        report = incremental(fresh, [mine])
        quiet = incremental(fresh, [mine])
    assert report.failures == quiet.failures == ()
    assert len(fake.changes) > 4  # split until it fits, or one entity is left
    assert ["Invoice"] in [entities for entities, _ in fake.changes]
    invoices, payments = kept("ws_qb_overflow", "invoice"), kept("ws_qb_overflow", "payment")
    assert {id for id, (deleted, _) in invoices.items() if deleted} == {"17"}
    assert {id for id, (deleted, _) in payments.items() if deleted} == {"9"}
    assert all(json.loads(p)["v"] == 2 for deleted, p in invoices.values() if not deleted)
    assert (len(invoices), json.loads(payments["4"][1])) == (1_300, {"Id": "4", "v": 2})


def test_after_a_pause_longer_than_changes_are_kept_everything_is_read_again(fresh, kept):
    fake = FakeCompany()
    for number in (1, 2):
        fake.put("Bill", number, updated=ago(days=90))
    with serving(fake.answer) as url:
        mine = connection("ws_qb_pause", url)
        incremental(fresh, [mine])
        _forget_for(fresh, mine, CHANGES_KEPT + 60)
        fake.remove("Bill", 1, at=ago(days=31))
        incremental(fresh, [mine])
    assert fake.changes == []
    found = kept("ws_qb_pause", "bill")
    assert {id: deleted for id, (deleted, _) in found.items()} == {"1": 1, "2": 0}
    assert json.loads(found["1"][1]) == {"domain": "QBO", "status": "Deleted", "Id": "1"}


def _forget_for(settings, connection, seconds):
    """Let the last run have been longer ago."""
    pipeline = ingest_pipeline(settings, "quickbooks", shard_of(connection))
    pipeline.sync_destination()
    with pipeline.managed_state() as state:
        memory = state["sources"]["quickbooks"]["connections"][connection.key]
        memory["changed_since"] -= seconds


def test_a_refused_list_costs_itself_alone(fresh, kept):
    fake = FakeCompany()
    fake.put("Invoice", 1, updated=ago(days=1))
    fault = {"Fault": {"Error": [{"Message": "No", "Detail": "Not yours", "code": "5020"}]}}

    def answer(path, query, request):
        if " Bill " in query.get("query", ""):
            return 400, {}, json.dumps(fault).encode()
        if " Deposit " in query.get("query", ""):
            return 200, {}, b'{"QueryResponse": {"Deposit": [{"Id":"1"'
        return fake.answer(path, query, request)

    with serving(answer) as url:
        report = backfill(
            fresh, [connection("ws_qb_refused", url)], objects=["invoice", "bill", "deposit"]
        )
    (outcome,) = report.outcomes
    assert outcome.skipped == {"bill": "No: Not yours"}
    assert list(outcome.failed) == ["deposit"]
    assert (outcome.status, outcome.complete, outcome.rows) == ("degraded", False, {"invoice": 1})


def test_what_is_no_answer_is_never_taken_for_an_empty_one():
    for body in (b"", b"[]", b'{"QueryResponse": [', b'{"Fault": {}}', b'{"QueryResponse": 1}'):
        with pytest.raises(IncompleteAnswerError):
            queried(body, "Invoice", 1)
        with pytest.raises(IncompleteAnswerError):
            changed(body, 1)
    assert queried(b'{"QueryResponse": {}, "time": "x"}', "Invoice", 1) == []
    assert changed(b'{"CDCResponse": [{"QueryResponse": [{}]}]}', 1) == {}


def test_an_interrupted_run_goes_on_and_a_finished_one_lets_changes_take_over():
    memory = {}
    plan(memory, ALL, None, 1_000_000, is_new=True)
    assert (memory["job"], "sweeps" in memory) == (WHOLE, False)
    memory["lists"] = memory["lists"][3:]
    left = [dict(one) for one in memory["lists"]]
    plan(memory, ALL, None, 1_000_600, is_new=True)
    assert (memory["lists"], memory["begun"]) == (left, 1_000_000)
    memory["lists"].clear()
    finish(memory)
    assert memory["changed_since"] == 1_000_000
    plan(memory, ALL, None, 1_001_000, is_new=False)
    assert memory["ask"]["since"] == 1_000_000 - 300
    finish(memory)
    assert memory["changed_since"] == 1_001_000
    plan(memory, ALL, EVERYTHING, 1_002_000, is_new=False)
    assert set(memory["sweeps"]) >= {"Invoice", "Customer"}
