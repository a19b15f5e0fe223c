"""Do accounts and balances show what the booking lines come to, to the cent, day by day?"""

from datetime import UTC, datetime

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def account(workspace, name="stripe_balance", connection="conn_test"):
    row = {
        "workspace_id": str(workspace.tenant), "connection_id": connection, "id": name,
        "provider": "stripe", "name": "Stripe balance", "type": "processor_balance",
        "version": 1, "is_deleted": 0, "extracted_at": NOON,
    }  # fmt: skip
    workspace.warehouse.insert_rows("unified.accounts", [list(row.values())], list(row))


def booked(workspace, name, net_minor, created_at, available_at, *, currency="EUR", version=1):
    row = {
        "workspace_id": str(workspace.tenant), "connection_id": "conn_test", "id": name,
        "provider": "stripe", "account_id": "stripe_balance", "currency": currency,
        "net_minor": net_minor, "created_at": datetime.fromisoformat(created_at),
        "available_at": datetime.fromisoformat(available_at), "version": version,
        "is_deleted": 0, "extracted_at": NOON,
    }  # fmt: skip
    workspace.warehouse.insert_rows("unified.balance_transactions", [list(row.values())], list(row))


def three_bookings(workspace):
    booked(workspace, "txn_1", 9999, "2024-05-01T10:00:00+00:00", "2024-05-03T00:00:00+00:00")
    booked(workspace, "txn_1", 10000, "2024-05-01T10:00:00+00:00", "2024-05-03T00:00:00+00:00",
           version=2)  # fmt: skip
    booked(workspace, "txn_2", -350, "2024-05-03T23:59:59+00:00", "2024-05-03T23:59:59+00:00")
    booked(workspace, "txn_3", 500, "2024-05-01T10:00:00+00:00", "2024-05-09T00:00:00+00:00",
           currency="JPY")  # fmt: skip


def test_accounts_are_listed_and_shown(workspace, new_workspace):
    account(workspace)
    account(new_workspace())
    shown = {
        "id": "stripe_balance", "provider": "stripe", "connection_id": "conn_test",
        "name": "Stripe balance", "type": "processor_balance", "currency": None,
    }  # fmt: skip
    answer = workspace.get("/v1/accounts")
    assert answer.json() == {"data": [shown], "has_more": False, "next_cursor": None}
    assert answer.headers["X-Data-As-Of"] == "2024-06-01T12:00:00.000Z"
    assert workspace.get("/v1/accounts/stripe_balance").json() == shown
    assert workspace.get("/v1/accounts", provider="plaid").json()["data"] == []
    assert workspace.get("/v1/accounts/nothing").status_code == 404
    account(workspace, connection="conn_b")
    assert workspace.get("/v1/accounts/stripe_balance").json()["code"] == "ambiguous_id"
    answer = workspace.get("/v1/accounts/stripe_balance", connection_id="conn_b")
    assert answer.json() == shown | {"connection_id": "conn_b"}


def test_a_balance_is_the_sum_of_its_lines(workspace, new_workspace):
    three_bookings(workspace)
    three_bookings(new_workspace())
    place = {"account_id": "stripe_balance", "provider": "stripe", "connection_id": "conn_test"}
    answer = workspace.get("/v1/balances", at="2024-05-03T23:00:00Z")
    assert answer.json()["data"] == [
        place | {
            "currency": "EUR", "at": "2024-05-03T23:00:00Z", "basis": "ledger",
            "balance": "100.00", "balance_minor": 10000,
            "available": "100.00", "available_minor": 10000,
        },
        place | {
            "currency": "JPY", "at": "2024-05-03T23:00:00Z", "basis": "ledger",
            "balance": "500", "balance_minor": 500, "available": "0", "available_minor": 0,
        },
    ]  # fmt: skip
    (now,) = workspace.get("/v1/balances", currency="EUR").json()["data"]
    assert (now["balance"], now["available"]) == ("96.50", "96.50")
    assert workspace.get("/v1/balances", account_id="other").json() == {"data": []}


def test_days_carry_the_balance_forward(workspace):
    three_bookings(workspace)
    answer = workspace.get(
        "/v1/balances/history", since="2024-05-02", until="2024-05-05", currency="EUR"
    )
    (history,) = answer.json()["data"]
    assert history["days"] == [
        {"day": "2024-05-02", "balance": "100.00", "balance_minor": 10000, "change": "0.00",
         "change_minor": 0},
        {"day": "2024-05-03", "balance": "96.50", "balance_minor": 9650, "change": "-3.50",
         "change_minor": -350},
        {"day": "2024-05-04", "balance": "96.50", "balance_minor": 9650, "change": "0.00",
         "change_minor": 0},
    ]  # fmt: skip


def test_a_senseless_history_is_a_problem(workspace):
    for parameters in (
        {}, {"since": "2024-05-01", "until": "2024-05-01"}, {"since": "1990-01-01"},
        {"since": "today"},
    ):  # fmt: skip
        answer = workspace.get("/v1/balances/history", **parameters)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_accounts_are_walked_once_while_others_arrive(workspace):
    for connection in ("conn_b", "conn_d"):
        account(workspace, "one", connection)
        account(workspace, "two", connection)
    seen, cursor = [], {}
    while cursor is not None:
        page = workspace.get("/v1/accounts", limit=1, **cursor).json()
        seen += [(row["connection_id"], row["id"]) for row in page["data"]]
        account(workspace, "one", "conn_a")  # before what was seen
        cursor = {"cursor": page["next_cursor"]} if page["has_more"] else None
    assert seen == [(c, name) for c in ("conn_b", "conn_d") for name in ("one", "two")]
    assert workspace.get("/v1/accounts", cursor="W10").status_code == 422
