"""What settled of a renewal to come, an expiring card, a lost dispute? Payments made by hand.

Everyone was drawn on a first of May and has thirty days. Amounts are such that every sum says which
of them are in it.
"""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from core.connections import ConnectionStore
from core.secrets import SecretBox
from core.tenancy import new_id
from recovery.flows.document import document_of
from serving.engines import Engines
from tests.recovery.flow_documents import END, steps

ARMS = [
    {"name": "ours", "share": 50, "next": "over"},
    {"name": "alone", "share": 50, "holdout": True, "next": "over"},
]
DRAWN = datetime(2024, 5, 1, tzinfo=UTC)
MOVED = (
    "workspace_id", "connection_id", "movement_id", "category", "charge_id", "payment_id",
    "customer_id", "payment_minor", "payment_currency", "gross_minor", "currency", "booked_at",
    "available_at", "version", "is_deleted",
)  # fmt: skip


class Drawn:
    """A workspace in which customers were drawn, and the rows by which they paid."""

    def __init__(self, workspace, warehouse) -> None:
        self.workspace, self.warehouse = workspace, warehouse
        self.tenant = str(workspace.tenant)
        box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
        self.connection = ConnectionStore(workspace.database, box).connect(
            workspace.tenant, provider="stripe", name="A", provider_account_id=new_id("acct"),
            api_url="http://127.0.0.1:9", credentials={"api_key": "sk_test"},
        ).id  # fmt: skip
        self.read_until(DRAWN + timedelta(days=40))
        document = Jsonb(
            document_of(
                steps("first", first={"kind": "split", "experiment": "proof", "arms": ARMS},
                      over=END)
            )
        )  # fmt: skip
        with workspace.database.tenant(workspace.tenant) as rows:
            rows.execute(
                "insert into recovery_flows (workspace_id, id, name, state, rank, draft,"
                " live_version, last_version, created_at, updated_at)"
                " values (%s, 'flow_1', 'Ahead', 'live', 1, %s, 1, 1, %s, %s)",
                [self.tenant, document, DRAWN, DRAWN],
            )
            rows.execute(
                "insert into recovery_flow_versions (workspace_id, flow_id, version, document,"
                " published_at, published_by) values (%s, 'flow_1', 1, %s, %s, 'a test')",
                [self.tenant, document, DRAWN],
            )

    def read_until(self, moment: datetime) -> None:
        """Say up to when everything of the account was loaded."""
        with self.workspace.database.tenant(self.workspace.tenant) as rows:
            rows.execute("update connections set last_synced_at = %s", [moment])

    def draw(self, name: str, kind: str, subject: str, arm: str = "ours") -> None:
        """Draw customer `cus_<name>` for a subject; ahead of `sub_<name>`'s next payment."""
        ahead = f"sub_{name}" if kind != "dispute" else ""
        with self.workspace.database.tenant(self.workspace.tenant) as rows:
            rows.execute(
                "insert into recovery_episodes (workspace_id, id, connection_id, subject_kind,"
                " subject_id, cause, customer_id, subscription_id, amount_minor, currency, facts,"
                " state, revision, opened_at, updated_at) values (%s, %s, %s, %s, %s, 'x', %s, %s,"
                " 4900, 'EUR', '{}', 'ended', 1, %s, %s)",
                [self.tenant, f"ep_{name}", self.connection, kind, subject,
                 "" if name == "guest" else f"cus_{name}", ahead, DRAWN, DRAWN],
            )  # fmt: skip
            rows.execute(
                "insert into recovery_assignments (workspace_id, connection_id, experiment, unit,"
                " arm, is_holdout, stratum, episode_id, assigned_at)"
                " values (%s, %s, 'proof', %s, %s, %s, 'x|none', %s, %s)",
                [self.tenant, self.connection, f"cus_{name}", arm, arm == "alone", f"ep_{name}",
                 DRAWN],
            )  # fmt: skip

    def put(self, table: str, **fields: object) -> None:
        """Write a row of the unified layer."""
        row = {"workspace_id": self.tenant, "connection_id": self.connection, **fields,
               "version": 1, "is_deleted": 0}  # fmt: skip
        self.warehouse.insert_rows(f"unified.{table}", [list(row.values())], list(row))

    def subscribe(self, name: str) -> None:
        """Have a subscription, with one invoice that one payment pays."""
        self.put("subscriptions", id=f"sub_{name}")
        self.put("invoices", id=f"in_{name}", subscription_id=f"sub_{name}")
        self.put("invoice_payments", id=f"inpay_{name}", invoice_id=f"in_{name}",
                 payment_id=f"pi_{name}")  # fmt: skip

    def move(
        self, name: str, category: str, minor: int, day: int, *, settles: int | None = None,
        currency: str = "EUR", balance: tuple[int, str] | None = None, charge: str = "",
        tenant: str = "",
    ) -> None:  # fmt: skip
        """Move money because of `ch_<name>`, booked on a day and available four days later."""
        gross, of = balance or (minor, currency)
        booked = DRAWN + timedelta(days=day)
        values = [
            tenant or self.tenant, self.connection, new_id("mv"), category,
            charge or f"ch_{name}", f"pi_{name}", "" if name == "guest" else f"cus_{name}",
            minor, currency, gross, of, booked,
            DRAWN + timedelta(days=day + 4 if settles is None else settles), 1, 0,
        ]  # fmt: skip
        self.warehouse.insert_rows("marts.fct_settlements", [values], list(MOVED))

    def recover(self, episode: str) -> None:
        """Have the marts say that 49.00 were collected of a debt and settled on the third day."""
        self.warehouse.command(
            "insert into marts.fct_recovery_episodes (workspace_id, connection_id, episode_id,"
            " currency, outcome, collected_minor, settled_at, version, is_deleted) values"
            f" ('{self.tenant}', '{self.connection}', '{episode}', 'EUR', 'recovered', 4900,"
            f" '{DRAWN + timedelta(days=3):%Y-%m-%d %H:%M:%S}', 1, 0)"
        )

    def told(self) -> dict[str, object]:
        found = self.workspace.api.get(
            "/v1/recovery/experiments/proof", headers=self.workspace.headers()
        ).json()
        [ours] = found["comparisons"]
        return {
            "known": (found["matured"], found["unknown"]),
            "units": (ours["treated"]["units"], ours["control"]["units"]),
            "recovered": (ours["treated"]["recovered"], ours["control"]["recovered"]),
            "cash": [(c["currency"], c["treated_minor"], c["control_minor"]) for c in ours["cash"]],
        }


@pytest.fixture
def drawn(workspace, warehouse) -> Drawn:
    return Drawn(workspace, warehouse)


def test_of_a_renewal_counts_what_was_paid_on_its_subscription_and_settled_in_time(drawn) -> None:
    for name in ("paid", "part", "late", "old", "yen", "twice"):
        drawn.draw(name, "subscription", f"sub_{name}:1798761600")
        drawn.subscribe(name)
    drawn.draw("none", "subscription", "sub_none:1798761600", "alone")
    drawn.subscribe("none")
    # Not all of it was captured; a refund was tried, and did not arrive.
    drawn.move("paid", "charge", 105_000, 5)
    drawn.move("paid", "partial_capture_reversal", -5_000, 5)
    drawn.move("paid", "refund", -30_000, 6)
    drawn.move("paid", "refund_failure", 30_000, 9)
    drawn.move("part", "charge", 20_000, 5)
    drawn.move("part", "refund", -9_000, 10)
    drawn.move("late", "charge", 3_000, 27)  # settles on the 31st day
    drawn.move("old", "charge", 400, -1)  # paid before anything was done, and given back since
    drawn.move("old", "refund", -400, 3)
    drawn.move("yen", "charge", 50, 5, currency="JPY")
    # Two invoices, each paid; the second's refund settles too late to count.
    drawn.put("invoices", id="in_second", subscription_id="sub_twice")
    drawn.put("invoice_payments", id="inpay_2", invoice_id="in_second", payment_id="pi_second")
    drawn.move("twice", "charge", 6, 2)
    drawn.move("second", "charge", 1, 20)
    drawn.move("second", "refund", -1, 28)
    # Neither another tenant's money nor another subscription's is ours.
    drawn.move("none", "charge", 7_000_000, 5, tenant="ws_other")
    drawn.move("stranger", "charge", 8_000_000, 5)
    assert drawn.told() == {
        "known": (7, 0), "units": (6, 1), "recovered": (3, 0), "cash": [("EUR", 111_007, 0)],
    }  # fmt: skip


def test_of_an_expiring_card_counts_its_subscription_net_of_disputes_as_the_payer_paid(
    drawn,
) -> None:
    for name in ("kept", "disputed", "returned"):
        drawn.draw(name, "payment_method", f"sub_{name}:pm_{name}:2024-05")
        drawn.subscribe(name)
    drawn.draw("alone", "payment_method", "sub_alone:pm_alone:2024-05", "alone")
    drawn.subscribe("alone")
    drawn.move("kept", "charge", 1_000, 5)
    drawn.move("alone", "charge", 9, 5)
    # Paid in euros, settled in dollars: the dispute took 4.00 EUR, whatever the balance says.
    drawn.move("disputed", "charge", 400, 5, balance=(436, "USD"))
    drawn.move("disputed", "dispute", -441, 9, balance=(-441, "USD"), currency="USD")
    drawn.put("disputes", id="dp_1", charge_id="ch_disputed", amount_minor=400, currency="EUR")
    # A bank debit that was taken back two weeks later.
    drawn.move("returned", "charge", 70, 5)
    drawn.move("returned", "charge_failure", -70, 19)
    assert drawn.told() == {
        "known": (4, 0), "units": (3, 1), "recovered": (1, 1), "cash": [("EUR", 1_000, 9)],
    }  # fmt: skip


def test_of_a_lost_dispute_counts_what_came_back_and_what_its_customer_paid(drawn) -> None:
    for name, arm in (("again", "ours"), ("guest", "ours"), ("gone", "alone")):
        drawn.draw(name, "dispute", f"dp_{name}", arm)
        drawn.put("disputes", id=f"dp_{name}", charge_id=f"ch_{name}", amount_minor=4_900,
                  currency="EUR")  # fmt: skip
        # Paid long ago; the bank took it back before anybody was drawn.
        drawn.move(name, "charge", 4_900, -60)
        drawn.move(name, "dispute", -4_900, -30)
    drawn.move("again", "charge", 30, 8, charge="ch_new")  # by another way, in part
    drawn.move("guest", "dispute_reversal", 5_380, 12, balance=(5_380, "USD"), currency="USD")
    assert drawn.told() == {
        "known": (3, 0), "units": (2, 1), "recovered": (2, 0), "cash": [("EUR", 4_930, 0)],
    }  # fmt: skip


def test_of_an_invoice_and_of_a_payment_counts_what_stayed_until_the_time_was_over(drawn) -> None:
    """Each was paid 49.00; what went back after the thirtieth day counts for nobody."""
    debts = ("kept", "part", "whole", "late", "disputed", "won")
    for name in debts:
        drawn.draw(name, "invoice", f"in_{name}")
        drawn.put("invoice_payments", id=f"inpay_{name}", invoice_id=f"in_{name}",
                  payment_id=f"pi_{name}")  # fmt: skip
        drawn.recover(f"in_{name}")
    drawn.draw("single", "payment_intent", "pi_single", "alone")
    drawn.recover("pi_single")
    drawn.move("part", "refund", -1_900, 10)
    drawn.move("whole", "refund", -4_900, 10)
    drawn.move("late", "refund", -4_900, 30)
    for name in ("disputed", "won"):
        drawn.put("disputes", id=f"dp_{name}", charge_id=f"ch_{name}", amount_minor=4_900,
                  currency="EUR")  # fmt: skip
        drawn.move(name, "dispute", -5_300, 8, balance=(-5_300, "USD"), currency="USD")
    drawn.move("won", "dispute_reversal", 5_350, 20, balance=(5_350, "USD"), currency="USD")
    drawn.move("single", "refund", -900, 9)
    drawn.move("kept", "refund", -4_900, 9, tenant="ws_other")
    # 49.00 kept, 30.00 of part, 49.00 of late and of won.
    assert drawn.told() == {
        "known": (7, 0), "units": (6, 1), "recovered": (4, 1),
        "cash": [("EUR", 4_900 * 3 + 3_000, 4_000)],
    }  # fmt: skip


def test_nothing_paid_is_known_once_the_account_was_read_past_the_thirty_days(drawn) -> None:
    drawn.draw("one", "subscription", "sub_one:1798761600")
    drawn.subscribe("one")
    drawn.draw("missing", "subscription", "sub_missing:1798761600")
    drawn.draw("other", "dispute", "dp_other", "alone")
    drawn.put("disputes", id="dp_other", charge_id="ch_x", amount_minor=1, currency="EUR")
    drawn.read_until(DRAWN + timedelta(days=29, hours=23))
    assert drawn.told()["known"] == (0, 3)
    drawn.read_until(DRAWN + timedelta(days=30))
    # The layer has no such subscription: what it paid cannot be known.
    assert drawn.told()["known"] == (2, 1)


def test_what_a_table_that_is_not_there_would_tell_is_unknown_and_not_nothing(
    drawn, monkeypatch
) -> None:
    drawn.draw("paid", "invoice", "in_paid")
    drawn.recover("in_paid")
    drawn.draw("open", "invoice", "in_open", "alone")
    drawn.put("invoices", id="in_open", status="open")
    drawn.draw("ahead", "subscription", "sub_ahead:1798761600")
    drawn.subscribe("ahead")
    drawn.draw("lost", "dispute", "dp_lost")
    drawn.put("disputes", id="dp_lost", charge_id="ch_lost", amount_minor=1, currency="EUR")
    assert drawn.told()["known"] == (4, 0)
    there = Engines.has_table
    monkeypatch.setattr(
        Engines, "has_table", lambda engines, name: name != "marts.fct_settlements"
        and there(engines, name),
    )  # fmt: skip
    assert drawn.told()["known"] == (1, 3)  # that nothing came in for an open invoice
