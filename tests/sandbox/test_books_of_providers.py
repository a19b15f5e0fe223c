"""Do the simulated books answer as Intuit and Xero do, their refusals and limits included?"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox import quickbooks as intuit
from sandbox import xero as kiwi
from sandbox.clock import Clock
from sandbox.company.synthetic import company_of
from sandbox.faults import Faults, ProviderFaults
from sandbox.meters import Meters
from sandbox.outbox import Outbox
from sandbox.provider import ProviderApp, Stage
from sandbox.quickbooks.app import QuickBooksApp
from sandbox.quickbooks.query import Query, QueryError
from sandbox.wire import Request
from sandbox.world import World
from sandbox.xero.app import XeroApp

UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
DAY = 86_400


@pytest.fixture(scope="module")
def world() -> World:
    return World(company_of(7, 400, UNTIL.date()))


class Wire:
    """An application, its clock and its faults, asked without a network."""

    def __init__(self, make, world: World, folder: Path) -> None:
        self.clock = Clock(at_least=0)
        self.clock.set(int(UNTIL.timestamp()), frozen=True)
        self.faults = Faults(1)
        stage = Stage(
            world, self.clock, folder, ProviderFaults(self.faults, make.name), Meters(),
            Outbox(self.clock),
        )  # fmt: skip
        self.app: ProviderApp = make(stage)
        self.faults.kinds |= self.app.fault_kinds
        self.token = ""

    def ask(self, method: str, path: str, query: str = "", body: str = "", **headers: str):
        known = {"authorization": f"Bearer {self.token}"} if self.token else {}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.handle(Request(method, path, query, known | sent, body.encode()))

    def json(self, path: str, query: str = "", **headers: str):
        answer = self.ask("GET", path, query, **headers)
        return answer.status, json.loads(answer.body or b"null")


QB = f"/v3/company/{intuit.realm_of(1)}"
BASIC = "Basic cXVpY2tib29rcy1zYW5kYm94LWNsaWVudDpxdWlja2Jvb2tzLXNhbmRib3gtc2VjcmV0"
REFRESH = "grant_type=refresh_token&refresh_token="


@pytest.fixture
def quickbooks(world: World, tmp_path: Path) -> Wire:
    wire = Wire(QuickBooksApp, world, tmp_path)
    found = wire.ask(
        "POST", "/oauth2/v1/tokens/bearer", body=REFRESH + "sandbox-company-1", authorization=BASIC
    )
    wire.token = json.loads(found.body)["access_token"]
    return wire


@pytest.fixture
def xero(world: World, tmp_path: Path) -> Wire:
    wire = Wire(XeroApp, world, tmp_path)
    form = f"{REFRESH}sandbox-organisation-1&client_id={kiwi.CLIENT_ID}"
    wire.token = json.loads(wire.ask("POST", "/connect/token", body=form).body)["access_token"]
    return wire


def listed(wire: Wire, text: str) -> dict:
    status, body = wire.json(f"{QB}/query", f"query={text.replace(' ', '+')}&minorversion=75")
    assert status == 200, body
    return body["QueryResponse"]


def test_a_query_pages_by_position_in_the_order_of_ids(quickbooks):
    whole = listed(quickbooks, "SELECT * FROM Purchase ORDERBY Id MAXRESULTS 1000")
    ids = [int(row["Id"]) for row in whole["Purchase"]]
    assert ids == sorted(ids)
    assert whole["maxResults"] == len(ids) > 50
    second = listed(quickbooks, "SELECT * FROM Purchase ORDERBY Id STARTPOSITION 11 MAXRESULTS 5")
    assert [int(row["Id"]) for row in second["Purchase"]] == ids[10:15]
    assert listed(quickbooks, "SELECT * FROM Purchase STARTPOSITION 9999") == {}
    assert listed(quickbooks, "select count(*) from Purchase") == {"totalCount": len(ids)}
    some = ", ".join(f"'{number}'" for number in [*ids[:2], 10**9])
    found = listed(quickbooks, f"SELECT Id FROM Purchase WHERE Id IN ({some})")
    assert [int(row["Id"]) for row in found["Purchase"]] == ids[:2]


def test_amounts_are_numbers_with_two_decimals_and_times_have_the_companys_offset(quickbooks):
    answer = quickbooks.ask("GET", f"{QB}/query", "query=SELECT+*+FROM+Invoice+MAXRESULTS+1")
    row = json.loads(answer.body, parse_float=str)["QueryResponse"]["Invoice"][0]
    assert row["TotalAmt"].partition(".")[2].isdigit()
    assert len(row["TotalAmt"].partition(".")[2]) == 2
    assert row["MetaData"]["CreateTime"].endswith("-08:00")
    assert row["Line"][-1]["DetailType"] == "SubTotalLineDetail"


@pytest.mark.parametrize(
    "text", ["", "DROP TABLE x", "SELECT * FROM Invoice WHERE Total > '1'", "SELECT * FROM Nothing",
             "SELECT * FROM Invoice MAXRESULTS 1001", "SELECT * FROM Invoice ORDERBY TotalAmt"],
)  # fmt: skip
def test_what_is_no_query_is_a_fault(quickbooks, text):
    status, body = quickbooks.json(f"{QB}/query", f"query={text.replace(' ', '+')}")
    (error,) = body["Fault"]["Error"]
    assert (status, error["code"], body["Fault"]["type"]) == (400, "4000", "ValidationFault")


def test_queries_are_taken_apart():
    query = Query.parse(
        "select * from Customer where Active IN (true, false) and MetaData.CreateTime >= "
        "'2026-01-01T00:00:00Z' ORDERBY Id STARTPOSITION 3 MAXRESULTS 7"
    )
    assert (query.entity, query.start, query.most, len(query.conditions)) == ("Customer", 3, 7, 2)
    with pytest.raises(QueryError):
        Query.parse("select * from Customer where Name like '%x%'")


def test_changes_hold_what_was_changed_and_removed_since_and_a_thousand_at_most(quickbooks, world):
    documents = [d for d in world.accounting.all_documents if d.entity == "us"]
    now = quickbooks.clock.now()  # a token outlives an hour, and any way back
    gone = next(d for d in documents if d.deleted_at and d.deleted_at < now - 60)
    quickbooks.clock.set(gone.deleted_at + 60, frozen=True)
    since = datetime.fromtimestamp(gone.deleted_at - 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status, body = quickbooks.json(f"{QB}/cdc", f"entities=Purchase,Bill&changedSince={since}")
    (groups,) = body["CDCResponse"]
    found = groups["QueryResponse"][0]["Purchase"]
    tombstone = next(row for row in found if row["Id"] == gone.id)
    assert (status, tombstone["status"], sorted(tombstone)) == (
        200, "Deleted", ["Id", "MetaData", "domain", "status"],
    )  # fmt: skip
    alive = listed(quickbooks, f"SELECT Id FROM Purchase WHERE Id IN ('{gone.id}')")
    assert alive == {}
    old = quickbooks.json(f"{QB}/cdc", "entities=Bill&changedSince=2020-01-01")
    assert old[0] == 400


def test_voided_documents_keep_their_shape_and_lose_their_amounts(quickbooks, world):
    now = quickbooks.clock.now()
    voided = next(
        d for d in world.accounting.documents("invoice", "us") if d.voided_at and d.voided_at < now
    )
    row = listed(quickbooks, f"SELECT * FROM Invoice WHERE Id IN ('{voided.id}')")["Invoice"][0]
    assert (row["TotalAmt"], row["PrivateNote"], row["SyncToken"] >= "1") == (0, "Voided", True)


def test_tokens_end_and_other_companies_are_closed(quickbooks):
    assert quickbooks.json(f"/v3/company/{intuit.realm_of(2)}/query", "query=x")[0] == 403
    quickbooks.clock.set(quickbooks.clock.now() + 3_600, frozen=True)
    status, body = quickbooks.json(f"{QB}/query", "query=SELECT+*+FROM+Bill")
    assert (status, body["fault"]["error"][0]["code"]) == (401, "3200")


def test_the_eleventh_request_of_a_second_is_too_many(quickbooks):
    statuses = [quickbooks.ask("GET", f"{QB}/companyinfo/{intuit.realm_of(1)}").status
                for _ in range(11)]  # fmt: skip
    assert statuses == [200] * 10 + [429]


def organisation(wire: Wire, path: str, query: str = "", **headers: str):
    tenant = {"xero_tenant_id": kiwi.tenant_of(1)}
    return wire.ask("GET", f"/api.xro/2.0/{path}", query, **tenant, **headers)


def test_pages_say_how_many_there_are_and_hold_each_object_once(xero):
    seen, pages = [], 1
    page = 0
    while page < pages:
        page += 1
        answer = organisation(xero, "Invoices", f"page={page}&pageSize=40&order=InvoiceID+ASC")
        body = json.loads(answer.body)
        pages = body["pagination"]["pageCount"]
        seen += [row["InvoiceID"] for row in body["Invoices"]]
    assert len(seen) == len(set(seen)) == body["pagination"]["itemCount"] > 40
    assert seen == sorted(seen)


def test_dates_are_written_as_net_writes_them(xero):
    text = organisation(xero, "ManualJournals", "page=1").body
    assert b'"DateTimeUTC":"\\/Date(' in text
    text = organisation(xero, "BankTransactions", "page=1&pageSize=1").body
    assert b'"UpdatedDateUTC":"\\/Date(' in text
    assert b'+0000)\\/"' in text


def test_only_what_was_modified_since_is_listed(xero, world):
    at = xero.clock.now()
    moment = datetime.fromtimestamp(at - 3 * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    body = json.loads(
        organisation(
            xero, "BankTransactions", "page=1&pageSize=1000", if_modified_since=moment
        ).body
    )
    changed = world.accounting.changed_since(at - 3 * DAY - 1, at, "eu")
    expected = {d.id for d in changed if d.kind == "bank_transaction"}
    found = {
        r["BankTransactionID"] for r in body["BankTransactions"] if "TRANSFER" not in r["Type"]
    }
    assert found == expected


def test_a_filter_by_date_is_kept_and_another_refused(xero):
    query = "page=1&pageSize=1000&where=Date+%3E%3D+DateTime(2026,+11,+01)"
    rows = json.loads(organisation(xero, "Payments", query).body)["Payments"]
    assert rows
    assert all(int(row["Date"][6:19]) >= 1_793_491_200_000 for row in rows)
    assert organisation(xero, "Payments", "where=Amount+%3E+1").status == 400


def test_headers_tell_what_is_left_and_the_61st_request_of_a_minute_is_refused(xero):
    first = organisation(xero, "Organisation")
    assert first.headers["x-minlimit-remaining"] == "59"
    assert first.headers["x-daylimit-remaining"] == "4999"
    for _ in range(59):
        last = organisation(xero, "Organisation")
    assert (last.status, last.headers["x-minlimit-remaining"]) == (200, "0")
    refused = organisation(xero, "Organisation")
    assert (refused.status, refused.headers["x-rate-limit-problem"]) == (429, "minute")
    assert 0 < int(refused.headers["retry-after"]) <= 61


def test_a_day_holds_five_thousand(xero):
    limits = xero.app.limits
    limits.days[kiwi.tenant_of(1)].extend([xero.clock.now()] * 5_000)
    refused = organisation(xero, "Organisation")
    assert (refused.status, refused.headers["x-rate-limit-problem"]) == (429, "day")
    assert int(refused.headers["retry-after"]) == DAY
    xero.clock.set(xero.clock.now() + DAY, frozen=True)
    assert organisation(xero, "Organisation").status == 401  # the token has ended meanwhile


def test_a_tenant_that_was_not_let_in_is_closed(xero):
    answer = xero.ask("GET", "/api.xro/2.0/Accounts", xero_tenant_id=kiwi.tenant_of(2))
    assert (answer.status, json.loads(answer.body)["Detail"]) == (403, "AuthenticationUnsuccessful")


def test_journals_go_on_from_a_number_and_balance(xero):
    first = json.loads(organisation(xero, "Journals").body)["Journals"]
    then = json.loads(organisation(xero, "Journals", "offset=100").body)["Journals"]
    assert [row["JournalNumber"] for row in first + then][:101] == list(range(1, 102))
    for row in first:
        assert round(sum(line["NetAmount"] for line in row["JournalLines"]) * 100) == 0
