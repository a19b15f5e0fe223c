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
            "available": "100.00", "available_minor": 10000, "limit": None, "limit_minor": None,
            "balance_type": "booked", "reported_at": None,
        },
        place | {
            "currency": "JPY", "at": "2024-05-03T23:00:00Z", "basis": "ledger",
            "balance": "500", "balance_minor": 500, "available": "0", "available_minor": 0,
            "limit": None, "limit_minor": None, "balance_type": "booked", "reported_at": None,
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
         "change_minor": 0, "is_carried": False},
        {"day": "2024-05-03", "balance": "96.50", "balance_minor": 9650, "change": "-3.50",
         "change_minor": -350, "is_carried": False},
        {"day": "2024-05-04", "balance": "96.50", "balance_minor": 9650, "change": "0.00",
         "change_minor": 0, "is_carried": False},
    ]  # fmt: skip


def reported(workspace, kind, amount_minor, day, *, account="acc_1", currency="USD", **more):
    row = {
        "workspace_id": str(workspace.tenant), "connection_id": "conn_bank", "account_id": account,
        "provider": "plaid", "type": kind, "currency": currency, "amount_minor": amount_minor,
        "reported_on": datetime.fromisoformat(day).date(),
        "reported_at": datetime.fromisoformat(f"{day}T06:00:00+00:00"), "version": 1,
        "is_deleted": 0, "extracted_at": NOON,
    } | more  # fmt: skip
    workspace.warehouse.insert_rows("unified.balances", [list(row.values())], list(row))


def test_a_banks_balance_is_what_it_reported_last(workspace, new_workspace):
    for owner in (workspace, new_workspace()):
        reported(owner, "booked", 100_00, "2024-05-01")
        reported(owner, "booked", 120_00, "2024-05-03")
        reported(owner, "booked", 125_00, "2024-05-03", version=2)
        reported(owner, "available", 80_00, "2024-05-02")
        reported(owner, "expected", 500, "2024-05-01", account="acc_2", currency="JPY")
        reported(owner, "limit", 9_000_00, "2024-05-01", account="acc_3")
        reported(owner, "booked", -410_00, "2024-05-01", account="acc_4")
        reported(owner, "limit", 5_000_00, "2024-05-01", account="acc_4")
    answer = workspace.get("/v1/balances", at="2024-05-10")
    assert answer.headers["X-Data-As-Of"] == "2024-06-01T12:00:00.000Z"
    base = {
        "provider": "plaid", "connection_id": "conn_bank", "at": "2024-05-10T00:00:00Z",
        "basis": "reported", "available": None, "available_minor": None, "limit": None,
        "limit_minor": None, "currency": "USD", "balance_type": "booked",
        "reported_at": "2024-05-01T06:00:00Z",
    }  # fmt: skip
    assert answer.json()["data"] == [
        base | {"account_id": "acc_1", "balance": "125.00", "balance_minor": 12500,
                "available": "80.00", "available_minor": 8000,
                "reported_at": "2024-05-03T06:00:00Z"},
        base | {"account_id": "acc_2", "balance": "500", "balance_minor": 500, "currency": "JPY",
                "balance_type": "expected"},
        base | {"account_id": "acc_4", "balance": "-410.00", "balance_minor": -41000,
                "limit": "5000.00", "limit_minor": 500000},
    ]  # fmt: skip
    (then,) = workspace.get("/v1/balances", at="2024-05-02T07:00:00Z", account_id="acc_1").json()[
        "data"
    ]
    assert (then["balance"], then["available"]) == ("100.00", "80.00")
    assert workspace.get("/v1/balances", at="2024-05-01T05:59:59Z").json()["data"] == []


def test_reported_days_begin_with_the_first_and_are_carried_over_quiet_ones(workspace):
    reported(workspace, "booked", 100_00, "2024-05-02")
    reported(workspace, "booked", 70_00, "2024-05-04")
    reported(workspace, "available", 1, "2024-05-01")
    (history,) = workspace.get(
        "/v1/balances/history", since="2024-05-01", until="2024-05-06"
    ).json()["data"]
    assert (history["basis"], history["balance_type"]) == ("reported", "booked")
    assert [
        (one["day"], one["balance"], one["change"], one["change_minor"], one["is_carried"])
        for one in history["days"]
    ] == [
        ("2024-05-02", "100.00", None, None, False),
        ("2024-05-03", "100.00", "0.00", 0, True),
        ("2024-05-04", "70.00", "-30.00", -3000, False),
        ("2024-05-05", "70.00", "0.00", 0, True),
    ]  # fmt: skip
    (later,) = workspace.get("/v1/balances/history", since="2024-05-05", until="2024-05-06").json()[
        "data"
    ]
    assert later["days"] == history["days"][3:]


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
