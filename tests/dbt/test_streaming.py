"""Is a raw row unified the moment it lands, whatever it holds and however it arrives?"""

import itertools
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.money import EXPONENTS, STRIPE_EXPONENTS, from_stripe
from core.warehouse import Warehouse

# A workspace per example: what an example landed stays.
WORKSPACES = itertools.count()


def charge(**fields: Any) -> str:
    """A charge's JSON; defaults are a captured payment of 42.50 USD."""
    return json.dumps(
        {
            "object": "charge",
            "amount": 4250,
            "amount_captured": 4250,
            "currency": "usd",
            "created": 1_700_000_000,
            "status": "succeeded",
            "captured": True,
        }
        | fields
    )


def transactions(warehouse: Warehouse, workspace: str) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(
        "select id, type, status, amount_minor, currency from unified.transactions final"
        " where workspace_id = {ws:String} order by id",
        {"ws": workspace},
    )
    return [tuple(row.values()) for row in rows]


def test_a_landed_row_is_unified_when_the_insert_returns(built: Warehouse, land: Any) -> None:
    land("stripe_charge", "ws_now", [("ch_1", 1, charge())])
    refund = charge(amount=4250, status="succeeded", balance_transaction="txn_1")
    land("stripe_refund", "ws_now", [("re_1", 1, refund)])
    land("stripe_payout", "ws_now", [("po_1", 1, charge(amount=100, status="paid"))])
    assert transactions(built, "ws_now") == [
        ("ch_1", "charge", "succeeded", 4250, "USD"),
        ("po_1", "payout", "succeeded", -100, "USD"),
        ("re_1", "refund", "succeeded", -4250, "USD"),
    ]


def test_every_currency_is_converted_as_core_money_says(built: Warehouse, land: Any) -> None:
    codes = sorted({"EUR", "USD", *EXPONENTS, *STRIPE_EXPONENTS})
    land(
        "stripe_charge",
        "ws_currencies",
        [
            (code, 1, charge(amount=51200, amount_captured=51200, currency=code.lower()))
            for code in codes
        ],
    )
    assert transactions(built, "ws_currencies") == [
        (code, "charge", "succeeded", from_stripe(51200, code.lower()).amount_minor, code)
        for code in codes
    ]


def test_unreadable_payloads_land_and_are_listed_with_their_reason(
    built: Warehouse, land: Any
) -> None:
    payloads = [
        "",
        "not json",
        "[]",
        "null",
        '{"amount": {"a": [1]}, "refunds": "x", "outcome": [3]}',
        charge(amount=1.5, amount_captured=None),
        charge(amount=10**30, amount_captured=None),
        charge(currency="dollars"),
        charge(created=-1),
        charge(currency="isk", amount=150, amount_captured=150),
        '{"a":' * 2000,
    ]
    rows = [(f"ch_{place:02}", 1, payload) for place, payload in enumerate(payloads)]
    for table in ("charge", "invoice", "subscription", "event", "customer", "balance_transaction"):
        land(f"stripe_{table}", "ws_garbage", rows)
    assert transactions(built, "ws_garbage") == []
    rejected = built.rows(
        "select source_id, reasons from unified.rejected_rows"
        " where workspace_id = 'ws_garbage' and source_table = 'raw.stripe_charge' order by 1"
    )
    reasons = {row["source_id"]: row["reasons"] for row in rejected}
    assert sorted(reasons) == [identity for identity, _, _ in rows]
    assert reasons["ch_05"] == reasons["ch_06"] == ["amount is missing or unreadable"]
    assert reasons["ch_07"] == ["currency is missing or unreadable"]
    assert reasons["ch_08"] == ["created_at is missing or unreadable"]
    assert reasons["ch_09"] == ["amount is not whole in minor units"]


def test_both_invoice_shapes_give_the_same_rows(built: Warehouse, land: Any) -> None:
    line = {
        "id": "il_1",
        "amount": 900,
        "currency": "eur",
        "quantity": 2,
        "period": {"start": 1_700_000_000, "end": 1_702_592_000},
    }
    shared = {
        "customer": {"id": "cus_1", "object": "customer"},
        "status": "paid",
        "currency": "eur",
        "created": 1_700_000_000,
        "subtotal": 900,
        "total": 990,
        "amount_due": 990,
        "amount_paid": 990,
        "amount_remaining": 0,
    }
    basil = shared | {
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": "sub_1"},
        },
        "total_taxes": [{"amount": 90}],
        "payments": {
            "data": [
                {
                    "id": "inpay_1",
                    "is_default": True,
                    "status": "paid",
                    "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
                }
            ]
        },
        "lines": {
            "has_more": False,
            "data": [
                line
                | {
                    "parent": {
                        "type": "subscription_item_details",
                        "subscription_item_details": {
                            "subscription": "sub_1",
                            "subscription_item": "si_1",
                            "proration": False,
                        },
                    },
                    "pricing": {"price_details": {"price": "price_1", "product": "prod_1"}},
                    "taxes": [
                        {"amount": 60, "tax_behavior": "inclusive"},
                        {"amount": 30, "tax_behavior": "exclusive"},
                    ],
                }
            ],
        },
    }
    legacy = shared | {
        "subscription": "sub_1",
        "payment_intent": {"id": "pi_1"},
        "charge": "ch_1",
        "paid": True,
        "tax": 90,
        "lines": {
            "has_more": False,
            "data": [
                line
                | {
                    "type": "subscription",
                    "subscription": "sub_1",
                    "subscription_item": "si_1",
                    "proration": False,
                    "price": {"id": "price_1", "product": "prod_1"},
                    "tax_amounts": [
                        {"amount": 60, "inclusive": True},
                        {"amount": 30, "inclusive": False},
                    ],
                }
            ],
        },
    }
    for workspace, invoice in (("ws_basil", basil), ("ws_legacy", legacy)):
        land("stripe_invoice", workspace, [("in_1", 5, json.dumps(invoice))])
    sql = """
        select customer_id, invoices.subscription_id, status, invoices.tax_minor,
            payment_id, total_minor, lines.id as line, lines.subscription_item_id,
            lines.price_id, lines.tax_minor as line_tax, lines.inclusive_tax_minor, lines.type,
            lines.is_proration,
            (
                select groupArray((invoice_id, payment_id)) from unified.invoice_payments final
                where workspace_id = {ws:String}
            ) as paid_by
        from unified.invoices final
        inner join (select * from unified.invoice_lines final) as lines
            on lines.workspace_id = invoices.workspace_id and lines.invoice_id = invoices.id
        where invoices.workspace_id = {ws:String}"""
    shapes = [built.rows(sql, {"ws": workspace}) for workspace in ("ws_basil", "ws_legacy")]
    assert shapes[0] == shapes[1]
    assert [list(row.values()) for row in shapes[0]] == [
        [
            "cus_1",
            "sub_1",
            "paid",
            90,
            "pi_1",
            990,
            "il_1",
            "si_1",
            "price_1",
            90,
            60,
            "subscription",
            False,
            [("in_1", "pi_1")],
        ]
    ]


def test_whether_a_line_holds_its_tax_is_told_or_left_open(built: Warehouse, land: Any) -> None:
    line = {"amount": 900, "currency": "eur"}
    lines = {
        "il_untaxed": line,
        "il_silent": line | {"taxes": [{"amount": 90}]},
        "il_half_silent": line
        | {"tax_amounts": [{"amount": 60, "inclusive": True}, {"amount": 30}]},
        "il_within": line | {"taxes": [{"amount": 90, "tax_behavior": "inclusive"}]},
        "il_added": line | {"taxes": [{"amount": 90, "tax_behavior": "exclusive"}]},
        "il_garbled": line | {"taxes": [{"amount": 1.5, "tax_behavior": "inclusive"}, 3]},
    }
    data = [fields | {"id": name} for name, fields in lines.items()]
    body = json.dumps({"currency": "eur", "lines": {"has_more": False, "data": data}})
    land("stripe_invoice", "ws_tax", [("in_1", 5, body)])
    told = built.rows(
        "select id, tax_minor, inclusive_tax_minor from unified.invoice_lines final"
        " where workspace_id = 'ws_tax'"
    )
    assert {row["id"]: (row["tax_minor"], row["inclusive_tax_minor"]) for row in told} == {
        "il_untaxed": (0, 0),
        "il_silent": (90, None),
        "il_half_silent": (90, None),
        "il_within": (90, 90),
        "il_added": (90, 0),
        "il_garbled": (0, None),
    }


def test_removed_items_and_tombstones_leave(built: Warehouse, land: Any) -> None:
    def subscription(*items: str, has_more: bool = False) -> str:
        data = [{"id": item, "quantity": 1, "price": {"id": "price_1"}} for item in items]
        return json.dumps(
            {"customer": "cus_1", "status": "active", "items": {"data": data, "has_more": has_more}}
        )

    def current() -> list[tuple[str, str]]:
        rows = built.rows(
            "select subscription_id, id from unified.current_subscription_items"
            " where workspace_id = 'ws_items' order by 1, 2"
        )
        return [(row["subscription_id"], row["id"]) for row in rows]

    minute = 60_000_000
    land("stripe_subscription", "ws_items", [("sub_1", minute, subscription("si_1", "si_2"))])
    land(
        "stripe_subscription", "ws_items", [("sub_2", minute, subscription("si_3", has_more=True))]
    )
    listed = [
        (item, minute, json.dumps({"subscription": "sub_2"})) for item in ("si_3", "si_4", "si_5")
    ]
    land("stripe_subscription_item", "ws_items", listed)
    assert current() == [
        ("sub_1", "si_1"),
        ("sub_1", "si_2"),
        ("sub_2", "si_3"),
        ("sub_2", "si_4"),
        ("sub_2", "si_5"),
    ]
    land("stripe_subscription", "ws_items", [("sub_1", 2 * minute, subscription("si_2"))])
    land(
        "stripe_subscription_item",
        "ws_items",
        [(item, 60 * minute, row) for item, _, row in listed[:2]],
    )
    assert current() == [("sub_1", "si_2"), ("sub_2", "si_3"), ("sub_2", "si_4")]
    land("stripe_customer", "ws_items", [("cus_1", 1, '{"name": "Ada"}')])
    land("stripe_customer", "ws_items", [("cus_1", 2, '{"id": "cus_1", "deleted": true}')])
    gone = built.rows("select id from unified.customers final where workspace_id = 'ws_items'")
    assert gone == []


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    versions=st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(0, 10**9)),
        min_size=1,
        max_size=12,
    ),
    order=st.randoms(use_true_random=False),
)
def test_order_and_repetition_of_arrival_change_nothing(
    built: Warehouse, land: Any, versions: list[tuple[int, int, int]], order: Any
) -> None:
    states = {(f"ch_{number}", version): amount for number, version, amount in versions}
    rows = [
        (identity, version, charge(amount=amount, amount_captured=amount))
        for (identity, version), amount in states.items()
    ]
    newest = {
        identity: states[identity, max(v for i, v in states if i == identity)]
        for identity, _ in states
    }
    workspace = f"ws_order_{next(WORKSPACES)}"
    land("stripe_charge", workspace, rows)
    land("stripe_charge", workspace, order.sample(rows, len(rows)))
    for row in order.sample(rows, min(2, len(rows))):
        land("stripe_charge", workspace, [row])
    assert transactions(built, workspace) == [
        (identity, "charge", "succeeded", amount, "USD")
        for identity, amount in sorted(newest.items())
    ]


def test_an_insert_that_began_before_a_view_was_made_is_caught_up_with(
    built: Warehouse, dbt: Any, tmp_path: Path
) -> None:
    """Such an insert knows nothing of the view, and is not visible until it ends."""
    feed = "stg_stripe__topups__feed"
    pipe = tmp_path / "topups"
    os.mkfifo(pipe)
    built.command(f"drop table staging.{feed} sync")
    insert = (
        "insert into raw.stripe_topup select 'ws_slow', 'conn_test', id, 1, 0, 'poll',"
        f" now64(3), '{{{{}}}}' from file('{pipe}', 'TSV', 'id String')"
    ).replace("{{}}", "{}")
    inserting = threading.Thread(target=built.command, args=[insert])
    building = threading.Thread(target=dbt, args=["run", "--select", feed])
    inserting.start()
    wait_for(built, "select count() from system.processes where query like '%ws_slow%file(%'", 2)
    building.start()
    wait_for(built, f"select count() from system.tables where name = '{feed}'", 1)
    time.sleep(2)  # a catch-up that does not wait is over by now
    pipe.write_text("tu_1\ntu_2\n")
    inserting.join()
    building.join()
    rows = built.rows("select id from staging.stg_stripe__topups where workspace_id = 'ws_slow'")
    assert sorted(row["id"] for row in rows) == ["tu_1", "tu_2"]


def wait_for(warehouse: Warehouse, sql: str, number: int) -> None:
    for _ in range(1200):
        if next(iter(warehouse.rows(sql)[0].values())) >= number:
            return
        time.sleep(0.1)
    raise AssertionError(f"never {number}: {sql}")
