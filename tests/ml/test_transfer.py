"""Own money is paired with its other side, chance is not, and equals are not told apart."""

from datetime import date, timedelta

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from ml.enriching import enrich
from reconciliation.accounts import BankAccount
from reconciliation.records import Deposit
from reconciliation.transfers import holders_of, transfers
from tests.ml.sandbox_lines import bank_lines, world_of

ON = date(2026, 3, 6)
ACCOUNTS = {
    "a": {"account_type": "depository", "account_iban": "DE11", "account_mask": "1111"},
    "b": {"account_type": "depository", "account_iban": "DE22", "account_mask": "2222"},
    "card": {"account_type": "credit", "account_mask": "3333"},
    "loan": {"account_type": "loan", "account_mask": "4444"},
}


def line(name: str, account: str, amount: int, text: str = "", days: int = 0, **more) -> dict:
    return {
        "provider": "plaid", "connection_id": "c", "id": name, "account_id": account,
        "status": "succeeded", "amount_minor": amount, "currency": "EUR", "merchant": text,
        "booked_on": ON + timedelta(days=days), "institution": "Hansa",
        "account_holder": "Northwind Analytics GmbH", **ACCOUNTS.get(account, {}), **more,
    }  # fmt: skip


def answers(*lines: dict) -> dict[str, dict]:
    rows = pl.DataFrame(list(lines), infer_schema_length=None)
    found = enrich(rows, as_of=ON, facets=["transfer"])["transfer"]
    return {
        name: row
        for name, row in zip(rows["id"], found.iter_rows(named=True), strict=True)
        if row["value"] is not None
    }


def values(*lines: dict) -> dict[str, tuple[str, bool]]:
    """Value of each line that has one, and whether it abstains."""
    return {name: (row["value"], row["abstained"]) for name, row in answers(*lines).items()}


def paired(out: str, into: str, kind: str) -> dict[str, tuple[str, bool]]:
    return {out: (f"{kind}:{into}", False), into: (f"{kind}:{out}", False)}


def test_both_sides_of_a_transfer_name_each_other_and_say_why():
    found = answers(
        line("o", "a", -50_000, "UMBUCHUNG"), line("i", "b", 50_000, "UMBUCHUNG", days=1)
    )
    assert {name: row["value"] for name, row in found.items()} == {
        "o": "transfer:i", "i": "transfer:o"
    }  # fmt: skip
    assert found["o"]["evidence"] == (
        "500.00 EUR left Hansa 1111 on 2026-03-06, 500.00 EUR entered Hansa 2222 on 2026-03-07;"
        " the text says that it is a transfer between own accounts."
    )
    # 1 / (1 + exp(-(3 + 3 + 1.5 - 4))), the weights of two texts and the next day less the prior.
    assert found["o"]["confidence"] == found["i"]["confidence"] == 0.971


@pytest.mark.parametrize(
    ("out", "into", "kind"),
    [
        (line("o", "a", -900, "CARD AUTOPAY 3333"),
         line("i", "card", 900, "PAYMENT - THANK YOU", days=1), "card_payment"),
        (line("o", "a", -900, "BANK LOAN PYMT 4444"),
         line("i", "loan", 900, "PAYMENT - THANK YOU"), "loan_payment"),
        (line("o", "a", -900, "SEPA", counterparty_account="DE22"),
         line("i", "b", 900, "GUTSCHRIFT", days=3, counterparty_account="DE11"), "transfer"),
        (line("o", "a", -900, "SEPA-UEBERWEISUNG NORTHWIND ANALYTICS"),
         line("i", "b", 900, "OVERBOEKING NORTHWIND ANALYTICS"), "transfer"),
        (line("o", "a", -102_480, "DEVISENKAUF JPY 160.000 KURS 156,13"),
         line("i", "b", 160_000, "FX PURCHASE", days=1, currency="JPY"), "conversion"),
        (line("o", "a", -102_480, "FX"),
         line("i", "b", 160_000, "FX", currency="JPY", original_currency="EUR",
              original_amount_minor=102_480), "conversion"),
        (line("o", "a", -1_500, "STRIPE TOP UP"),
         line("i", "", 1_500, provider="stripe", type="topup", connection_id="s"), "topup"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_every_kind_is_told(out: dict, into: dict, kind: str):
    assert values(into, out) == paired("o", "i", kind)


@pytest.mark.parametrize(
    ("out", "into"),
    [
        (line("o", "a", -500, "RENT"), line("i", "b", 500, "INVOICE 7")),
        (line("o", "a", -500, "SEPA-UEBERWEISUNG MIETE"), line("i", "b", 500, "TRANSFER INV 7")),
        (line("o", "a", -500, "UMBUCHUNG", counterparty_account="DE99"),
         line("i", "b", 500, "UMBUCHUNG")),
        (line("o", "a", -500, "SHOP"), line("i", "card", 500, "RETURN SHOP")),
        (line("o", "a", -500, "UMBUCHUNG"), line("i", "a", 500, "UMBUCHUNG")),
        (line("o", "a", -500, "UMBUCHUNG"), line("i", "b", 500, "UMBUCHUNG", days=6)),
        (line("o", "a", -500, "UMBUCHUNG"), line("i", "b", 500, "UMBUCHUNG", days=-2)),
        (line("o", "a", -500, "UMBUCHUNG"), line("i", "b", 501, "UMBUCHUNG")),
        (line("o", "a", -500, "UMBUCHUNG"), line("i", "b", 500, "UMBUCHUNG", currency="USD")),
        (line("o", "a", -500, "UMBUCHUNG"), line("i", "b", 500, "UMBUCHUNG", status="pending")),
        (line("o", "a", -500, "XFER"), line("i", "b", 500, "STRIPE TRANSFER ST-1 XFER")),
        (line("o", "a", -500, "XFER"),
         line("i", "", 500, "XFER", provider="stripe", type="payout", connection_id="s")),
        (line("o", "a", -500, "RENT"),
         line("i", "", 500, provider="stripe", type="topup", connection_id="s")),
    ],
    ids=["chance", "any payment's words", "somebody else's account", "a refund", "one account",
         "too late", "too early", "another amount", "another currency", "pending",
         "a payout's deposit", "a payout", "no top-up"],
)  # fmt: skip
def test_what_only_looks_alike_is_no_transfer(out: dict, into: dict):
    assert values(out, into) == {}


def test_the_best_whole_is_taken_not_the_best_pair():
    """The later line fits the first transfer too, and the earlier one no other."""
    found = values(
        line("o1", "a", -500, "XFER", days=0), line("i1", "b", 500, "XFER", days=2),
        line("o2", "a", -500, "XFER", days=3), line("i2", "b", 500, "XFER", days=3),
    )  # fmt: skip
    assert found == paired("o1", "i1", "transfer") | paired("o2", "i2", "transfer")


def test_two_equal_transfers_are_transfers_without_a_named_partner():
    found = answers(
        line("o1", "a", -500, "XFER"), line("o2", "a", -500, "XFER"),
        line("i1", "b", 500, "XFER"), line("i2", "b", 500, "XFER"),
    )  # fmt: skip
    assert {(row["value"], row["abstained"]) for row in found.values()} == {("transfer", False)}
    assert found["o1"]["evidence"] == (
        "A transfer whose other side is one of 2, all as good: i1, i2."
    )


def test_of_two_equal_arrivals_neither_is_told_to_be_it():
    found = values(
        line("o", "a", -500, "XFER"),
        line("i1", "b", 500, "XFER"), line("i2", "b", 500, "XFER"),
    )  # fmt: skip
    assert found == {"o": ("transfer", False), "i1": ("transfer", True), "i2": ("transfer", True)}
    # A card and an account that are as good: it is sure that it moved, but not what it was.
    kinds = values(
        line("o", "a", -500, "XFER"), line("i", "b", 500, "XFER"), line("c", "card", 500, "XFER")
    )
    assert kinds == dict.fromkeys(("o", "c"), ("card_payment", True)) | {"i": ("transfer", True)}


def test_an_account_that_two_connections_show_is_one():
    here = line("o", "a", -500, "XFER"), line("i", "b", 500, "XFER")
    there = line("i again", "b", 500, "XFER", connection_id="d")
    assert values(*here, there) == paired("o", "i", "transfer")


def test_rows_without_an_account_pair_with_nothing():
    bare = [{**line(name, "a", amount, "XFER"), "account_id": None} for name, amount in
            (("o", -500), ("i", 500))]  # fmt: skip
    assert values(*bare) == {}


CHANCE = ("GUTSCHRIFT {} SVWZ+RG", "ACH CREDIT {}", "REFUND {}", "SEPA-UEBERWEISUNG {} SVWZ+RE",
          "ONLINE TRANSFER FROM {}", "STRIPE TRANSFER ST-1 {}")  # fmt: skip


@pytest.mark.parametrize("seed", [31, 5, 6])
@pytest.mark.parametrize("ibans", [True, False], ids=["ibans", "no ibans"])
def test_the_sandboxs_own_books_agree_with_every_pair(seed: int, ibans: bool):
    """Beside each own transfer stand strangers' payments of its amount, on its day, both ways."""
    truth = bank_lines(world_of(seed), ibans=ibans)
    own = truth.filter(pl.col("pair_id").is_in(truth["id"].to_list()))
    accounts = truth.unique("account_id", maintain_order=True)
    strangers = [
        accounts.filter(pl.col("currency") == row["currency"])
        .sample(1, seed=seed + number)
        .with_columns(
            pl.lit(f"{row['id']}/{number}").alias("id"),
            pl.lit(sign * row["amount_minor"], pl.Int64).alias("amount_minor"),
            pl.lit(row["booked_on"]).alias("booked_on"),
            pl.lit(CHANCE[number % len(CHANCE)].format("HARBOR & FINCH")).alias("merchant"),
            pl.lit("Harbor & Finch Inc").alias("counterparty"),
            pl.lit(None, pl.String).alias("counterparty_account"),
            pl.lit(None, pl.String).alias("reference"), pl.lit(None, pl.String).alias("pair_id"),
        )
        for number, row in enumerate(own.iter_rows(named=True))
        for sign in (1, -1)
    ]  # fmt: skip
    strangers = [
        frame.with_columns(pl.format("{}/{}", "id", pl.lit(place)).alias("id"))
        for place, frame in enumerate(strangers)
    ]
    rows = pl.concat([truth, *strangers]).sample(fraction=1.0, shuffle=True, seed=seed)
    found = enrich(rows.drop("kind", "pair_id"), as_of=ON, facets=["transfer"])["transfer"]
    told = rows.hstack(found.select("value", "abstained")).filter(~pl.col("abstained"))
    pairs = dict(
        told.select("id", pl.col("value").str.split(":").list.get(1, null_on_oob=True)).iter_rows()
    )
    assert own.height >= 60
    assert pairs == dict(own.select("id", "pair_id").iter_rows())
    assert pairs == ledgers(rows)


def ledgers(rows: pl.DataFrame) -> dict[str, str]:
    """What the ledger takes for own transfers, of the same lines without payouts' deposits."""
    accounts = {
        row["account_id"]: BankAccount(
            row["account_id"], (row["account_id"],), row["currency"], row["account_type"],
            row["institution"], row["account_mask"], row["account_iban"], None, None, None,
        )
        for row in rows.unique("account_id").iter_rows(named=True)
    }  # fmt: skip
    lines = [
        Deposit(
            row["id"], row["account_id"], row["booked_on"], row["currency"], row["amount_minor"],
            row["merchant"], counterparty_account=row["counterparty_account"],
            counterparty=row["counterparty"],
        )
        for row in rows.iter_rows(named=True)
        if not (row["amount_minor"] > 0 and "STRIPE" in row["merchant"].upper())
    ]  # fmt: skip
    return {t.key: t.other for t in transfers(lines, accounts, holders_of(rows["account_holder"]))}


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "card"]), st.sampled_from([-700, -500, 500, 700]),
        st.sampled_from(["XFER", "TRANSFER 2222", "RENT", "PAYMENT THANK YOU"]),
        st.integers(0, 4),
    ),
    max_size=9,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(moves=MOVES, data=st.data())
def test_pairs_are_mutual_exclusive_and_know_no_order(moves, data):
    lines = [line(f"t{n}", *move[:3], days=move[3]) for n, move in enumerate(moves)]
    if not lines:
        return
    found = answers(*lines)
    by_id = {one["id"]: one for one in lines}
    partner = {
        name: row["value"].partition(":")[2] for name, row in found.items() if ":" in row["value"]
    }
    assert len(set(partner.values())) == len(partner)
    for name, other in partner.items():
        assert partner[other] == name
        assert found[name]["confidence"] == found[other]["confidence"]
        assert by_id[name]["amount_minor"] == -by_id[other]["amount_minor"]
        assert by_id[name]["account_id"] != by_id[other]["account_id"]
    assert answers(*data.draw(st.permutations(lines))) == found
