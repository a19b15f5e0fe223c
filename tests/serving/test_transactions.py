"""What does GET /v1/transactions answer? Right rows, right order, right amounts, every row once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import epoch_microseconds

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def test_a_transaction_is_shown_whole(workspace):
    workspace.holds(
        {
            "id": "ch_1", "amount_minor": -1999, "currency": "EUR", "status": "failed",
            "failure_code": "card_declined", "decline_code": "insufficient_funds",
            "description": "Größe M", "customer_id": "cus_1", "occurred_at": NOON,
            "posted_at": NOON + timedelta(days=2), "version": 1717243200000001,
            "original_amount_minor": -2160, "original_currency": "USD",
            "merchant_category_code": "5812", "booked_on": date(2024, 6, 2),
        }
    )  # fmt: skip
    answer = workspace.get("/v1/transactions")
    assert answer.status_code == 200
    assert answer.json() == {
        "data": [
            {
                "id": "ch_1", "provider": "stripe", "connection_id": "conn_test",
                "account_id": "stripe_balance", "type": "charge", "status": "failed",
                "amount": "-19.99", "amount_minor": -1999, "currency": "EUR",
                "original_amount": "-21.60", "original_amount_minor": -2160,
                "original_currency": "USD", "balance_after": None, "balance_after_minor": None,
                "description": "Größe M", "customer_id": "cus_1", "counterparty": None,
                "counterparty_account": None, "reference": None, "merchant_category_code": "5812",
                "provider_category": None, "pending_id": None, "booked_on": "2024-06-02",
                "invoice_id": None, "payment_id": None, "parent_id": None,
                "failure_code": "card_declined", "decline_code": "insufficient_funds",
                "payment_method_type": None, "occurred_at": "2024-06-01T12:00:00Z",
                "posted_at": "2024-06-03T12:00:00Z", "state_at": "2024-06-01T12:00:00.000001Z",
            }
        ],
        "has_more": False,
        "next_cursor": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("amount_minor", "currency", "amount"),
    [(500, "JPY", "500"), (5120, "KWD", "5.120"), (-7, "USD", "-0.07"), (0, "GBP", "0.00")],
)
def test_amounts_follow_the_currency(workspace, amount_minor, currency, amount):
    workspace.holds({"amount_minor": amount_minor, "currency": currency})
    (shown,) = workspace.get("/v1/transactions").json()["data"]
    assert (shown["amount"], shown["amount_minor"]) == (amount, amount_minor)


def test_the_newest_version_is_shown_and_a_removed_row_is_not(workspace):
    workspace.holds({"id": "ch_1", "status": "pending"}, {"id": "ch_2"})
    workspace.holds(
        {"id": "ch_1", "status": "succeeded", "version": 3, "occurred_at": NOON},
        {"id": "ch_2", "is_deleted": 1, "version": 2},
    )
    workspace.holds({"id": "ch_1", "status": "failed", "version": 2})
    shown = workspace.get("/v1/transactions").json()["data"]
    assert [(row["id"], row["status"]) for row in shown] == [("ch_1", "succeeded")]


def test_filters_select_alone_and_together(workspace):
    workspace.holds(
        {"id": "a", "status": "failed", "type": "charge"},
        {"id": "b", "status": "succeeded", "type": "refund"},
        {"id": "c", "status": "failed", "type": "refund", "provider": "plaid"},
    )

    def ids(**filters):
        return [row["id"] for row in workspace.get("/v1/transactions", **filters).json()["data"]]

    assert ids() == ["a", "b", "c"]
    assert ids(status="failed") == ["a", "c"]
    assert ids(type="refund") == ["b", "c"]
    assert ids(provider="stripe") == ["a", "b"]
    assert ids(provider="stripe", status="failed", type="charge") == ["a"]
    assert ids(provider="stripe", status="failed", type="refund") == []


def test_since_is_inclusive_and_until_is_exclusive(workspace):
    tick = timedelta(milliseconds=1)
    for name, moment in (("before", NOON - tick), ("at", NOON), ("after", NOON + tick)):
        workspace.holds({"id": name, "occurred_at": moment})

    def ids(**filters):
        return [row["id"] for row in workspace.get("/v1/transactions", **filters).json()["data"]]

    assert ids(since="2024-06-01T12:00:00Z") == ["after", "at"]
    assert ids(until="2024-06-01T14:00:00+02:00") == ["before"]
    assert ids(since="2024-06-01T12:00:00.001Z", until="2024-06-02") == ["after"]
    assert ids(since="2024-06-02") == []


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("since", "yesterday"), ("since", "2024-13-01"), ("until", "2024-01-01T00:00:00+99:00"),
        ("since", "0001-01-01"), ("until", "9999-12-31T23:59:59-12:00"), ("since", "2024"),
        ("limit", "0"), ("limit", "501"), ("limit", "ten"), ("limit", "1e400"),
        ("provider", "stripe' or 1=1 --"), ("status", "x\0y"), ("type", "ü"), ("type", ""),
        ("cursor", "%%%"), ("cursor", "W10"), ("cursor", "eyJhIjoxfQ"), ("cursor", "x" * 1001),
        ("cursor", "WzEsMiwzXQ"), ("cursor", "WzFlNDAwLCJhIiwiYiJd"), ("cursor", "bnVsbA"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_named_in_a_problem(workspace, parameter, value):
    answer = workspace.get("/v1/transactions", **{parameter: value})
    problem = answer.json()
    assert answer.status_code == problem["status"] == 422
    assert problem["code"] == "invalid_input"
    if parameter != "cursor":
        assert [error["location"] for error in problem["errors"]] == [f"query.{parameter}"]


def test_answers_say_when_their_data_was_ingested(workspace):
    assert "X-Data-As-Of" not in workspace.get("/v1/transactions").headers
    workspace.holds({"id": "a", "extracted_at": NOON}, {"id": "b"})
    workspace.holds({"id": "a", "extracted_at": NOON + timedelta(milliseconds=1500), "version": 2})
    answer = workspace.get("/v1/transactions", status="no_such")
    assert answer.headers["X-Data-As-Of"] == "2024-06-01T12:00:01.500Z"


def test_amount_direction_currency_and_text_select(workspace):
    workspace.holds(
        {"id": "a", "amount_minor": 500, "currency": "EUR", "description": "Größe XL"},
        {"id": "b", "amount_minor": -200, "currency": "USD", "counterparty": "Acme GmbH"},
        {"id": "c", "amount_minor": 0, "account_id": "acct_9", "customer_id": "cus_1"},
    )

    def ids(**filters):
        return [row["id"] for row in workspace.get("/v1/transactions", **filters).json()["data"]]

    assert ids(direction="in") == ["a"]
    assert ids(direction="out") == ["b"]
    assert ids(amount_from=-200, amount_to=0) == ["b", "c"]
    assert ids(direction="in", amount_from=-200, amount_to=499) == []
    assert ids(currency="USD") == ["b", "c"]
    assert ids(search="größe") == ["a"]
    assert ids(search="acme") == ["b"]
    assert ids(account_id="acct_9") == ids(customer_id="cus_1") == ["c"]
    assert ids(connection_id="conn_other") == []


def test_filters_may_come_as_json_and_the_query_goes_before_it(workspace):
    workspace.holds({"id": "a", "status": "failed"}, {"id": "b"}, {"id": "c", "type": "refund"})

    def ask(body, **parameters):
        return workspace.api.request(
            "GET", "/v1/transactions", json=body, params=parameters, headers=workspace.headers()
        )

    asked = {"provider": "stripe", "status": "failed", "type": "charge", "since": "2024-01-01"}
    assert [row["id"] for row in ask(asked).json()["data"]] == ["a"]
    assert [row["id"] for row in ask({"limit": 1}, type="refund").json()["data"]] == ["c"]
    assert [r["id"] for r in ask({"status": "failed"}, status="succeeded").json()["data"]] == [
        "b", "c",
    ]  # fmt: skip
    assert ask({"stauts": "failed"}).status_code == 422
    assert ask([1] * 10_000).status_code == 422
    assert workspace.get("/v1/transactions", stauts="failed").status_code == 422


RAW_COLUMNS = [
    "workspace_id", "connection_id", "id", "version", "is_deleted", "origin", "extracted_at",
    "payload",
]  # fmt: skip


def test_one_transaction_is_shown_with_its_raw_states(workspace, new_workspace):
    # A merge between the inserts and the question would leave the newest state alone.
    workspace.warehouse.command("system stop merges raw.stripe_charge")
    version = epoch_microseconds(NOON)
    payload = '{"id": "ch_1", "fee": 72.10}'
    for owner in (workspace, new_workspace()):
        states = [
            [str(owner.tenant), "conn_test", "ch_1", version + n, 0, origin, NOON, payload]
            for n, origin in enumerate(["backfill", "webhook"])
        ]
        workspace.warehouse.insert_rows("raw.stripe_charge", states[:1], RAW_COLUMNS)
        workspace.warehouse.insert_rows("raw.stripe_charge", states[1:], RAW_COLUMNS)
    workspace.holds({"id": "ch_1", "source_id": "ch_1", "version": version + 1})
    answer = workspace.get("/v1/transactions/ch_1").json()
    (listed,) = workspace.get("/v1/transactions").json()["data"]
    lineage = answer.pop("lineage")
    assert answer == listed
    assert (lineage["source_table"], lineage["source_id"]) == ("raw.stripe_charge", "ch_1")
    assert lineage["states"][0] == {
        "state_at": "2024-06-01T12:00:00.000001Z", "origin": "webhook",
        "extracted_at": "2024-06-01T12:00:00Z", "is_deleted": False, "payload": payload,
    }  # fmt: skip
    assert [state["origin"] for state in lineage["states"]] == ["webhook", "backfill"]
    workspace.warehouse.command("system start merges raw.stripe_charge")


def test_an_id_of_two_connections_asks_which(workspace):
    for connection in ("conn_a", "conn_b"):
        workspace.holds({"id": "same", "connection_id": connection})
    answer = workspace.get("/v1/transactions/same")
    assert (answer.status_code, answer.json()["code"]) == (409, "ambiguous_id")
    assert "conn_a, conn_b" in answer.json()["detail"]
    answer = workspace.get("/v1/transactions/same", connection_id="conn_b")
    assert answer.json()["connection_id"] == "conn_b"


def test_another_workspaces_transaction_does_not_exist(workspace, new_workspace):
    new_workspace().holds({"id": "ch_foreign"})
    answer = workspace.get("/v1/transactions/ch_foreign")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("-occurred_at", "eabcd"), ("occurred_at", "dcbae"), ("-amount", "dbeac"),
        ("amount", "caebd"),
    ],
)  # fmt: skip
def test_every_order_is_walked_whole(workspace, sort, ids):
    """a and e have one amount, b and d another: names settle the ties."""
    amounts = {"a": 5, "b": 70, "c": -5, "d": 70, "e": 5}
    for name, amount_minor in amounts.items():
        moment = NOON - timedelta(minutes="eabcd".index(name))
        workspace.holds({"id": name, "amount_minor": amount_minor, "occurred_at": moment})
    seen, cursor = [], {}
    while cursor is not None:
        page = workspace.get("/v1/transactions", sort=sort, limit=2, **cursor).json()
        seen += [row["id"] for row in page["data"]]
        cursor = {"cursor": page["next_cursor"]} if page["has_more"] else None
    assert "".join(seen) == ids


def test_a_cursor_belongs_to_its_order(workspace):
    workspace.holds(*({"id": name} for name in "abc"))
    orders = ("-occurred_at", "occurred_at", "amount")
    given = {
        sort: workspace.get("/v1/transactions", sort=sort, limit=1).json()["next_cursor"]
        for sort in orders
    }
    for sort, cursor in given.items():
        for other in set(orders) - {sort}:
            answer = workspace.get("/v1/transactions", sort=other, cursor=cursor)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_only_the_fields_that_were_asked_for_are_sent(workspace):
    workspace.holds({"id": "a"}, {"id": "b"})
    answer = workspace.get("/v1/transactions", fields="id,amount,currency", limit=1).json()
    assert answer["data"] == [{"id": "a", "amount": "49.00", "currency": "USD"}]
    assert answer["has_more"]
    for wrong in ("id,secret", "id,", "", "ID", "id amount", "workspace_id", ",".join(["id"] * 60)):
        assert workspace.get("/v1/transactions", fields=wrong).status_code == 422, wrong


def test_the_providers_category_selects_in_any_case(workspace):
    workspace.holds(
        {"id": "a", "provider_category": "FOOD_AND_DRINK"},
        {"id": "b", "provider_category": "RENT"}, {"id": "c", "provider_category": None},
    )  # fmt: skip
    answer = workspace.get("/v1/transactions", category="food_and_drink").json()
    assert [row["id"] for row in answer["data"]] == ["a"]


def test_the_missions_own_calls_work_to_the_letter(workspace):
    workspace.holds(
        {"id": "failed", "status": "failed"}, {"id": "paid"},
        {"id": "bank", "provider": "plaid", "type": "card_payment"},
        {"id": "early", "status": "failed", "occurred_at": datetime(2023, 12, 31, tzinfo=UTC)},
    )  # fmt: skip
    base = f"{workspace.api.base_url}/v1/transactions"

    def ids(address, **more):
        answer = workspace.api.request("GET", address, headers=workspace.headers(), **more)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["data"]]

    asked = "provider=stripe&status=failed&type=charge&since=2024-01-01"
    assert ids(f"{base}?{asked}") == ["failed"]
    assert ids(base, json=dict(part.split("=") for part in asked.split("&"))) == ["failed"]
    assert ids(f"{base}?provider=plaid&enrich=true&since=2024-01-01") == ["bank"]
    assert ids(base, json={"provider": "plaid", "enrich": True, "since": "2024-01-01"}) == ["bank"]


def test_enrichment_is_null_until_something_was_learned(workspace, new_workspace):
    """Nothing; then something of this workspace's row, and of another's."""
    workspace.holds({"id": "a"}, {"id": "b"})
    assert "enrichment" not in workspace.get("/v1/transactions").json()["data"][0]
    rows = workspace.get("/v1/transactions", enrich="true").json()["data"]
    assert [row["enrichment"] for row in rows] == [None, None]
    only = workspace.get("/v1/transactions", enrich="true", fields="id").json()["data"]
    assert only == [{"id": "a", "enrichment": None}, {"id": "b", "enrichment": None}]

    for owner, value in ((workspace, "Rent"), (new_workspace(), "Foreign")):
        found = {
            "workspace_id": str(owner.tenant), "connection_id": "conn_test", "transaction_id": "a",
            "facet": "category", "value": value, "confidence": 0.9, "evidence": "why",
            "model_version": "m-1", "abstained": False, "version": 1,
        }  # fmt: skip
        workspace.warehouse.insert_rows("unified.enrichments", [list(found.values())], list(found))
    answer = workspace.get("/v1/transactions", enrich="true", fields="id")
    assert answer.json()["data"] == [
        {
            "id": "a",
            "enrichment": {
                "category": {
                    "value": "Rent", "confidence": 0.9, "evidence": "why",
                    "model_version": "m-1", "abstained": False,
                }
            },
        },
        {"id": "b", "enrichment": None},
    ]  # fmt: skip


_MOMENTS = st.integers(0, 3).map(lambda seconds: NOON + timedelta(seconds=seconds))
_ROWS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["conn_a", "conn_b"]), _MOMENTS),
    unique_by=lambda row: row[:2],
    max_size=10,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=_ROWS, meanwhile=_ROWS, limit=st.integers(1, 4))
def test_every_row_is_seen_once_while_others_arrive(new_workspace, before, meanwhile, limit):
    """Independent path: the order of the rows themselves, sorted in Python."""
    workspace = new_workspace()
    known = {row[:2] for row in before}
    arriving = [row for row in meanwhile if row[:2] not in known]

    def insert(rows):
        if rows:
            fields = ("id", "connection_id", "occurred_at")
            workspace.holds(*[dict(zip(fields, row, strict=True)) for row in rows])

    insert(before)
    seen, cursor = [], None
    while True:
        given_cursor = {} if cursor is None else {"cursor": cursor}
        page = workspace.get("/v1/transactions", limit=limit, **given_cursor).json()
        assert len(page["data"]) <= limit
        seen += [(row["id"], row["connection_id"], row["occurred_at"]) for row in page["data"]]
        insert(arriving[:2])
        arriving = arriving[2:]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if cursor is None:
            break
    moments = [
        (-epoch_microseconds(datetime.fromisoformat(moment)), name, connection)
        for name, connection, moment in seen
    ]
    assert moments == sorted(moments)  # the newest first; those of one moment by id
    assert len(set(seen)) == len(seen)
    assert [row[:2] for row in seen if row[:2] in known] == [
        row[:2] for row in sorted(before, key=lambda r: (-epoch_microseconds(r[2]), r[0], r[1]))
    ]
