"""Forty days of many customers in seconds: the recovered cash is the sandbox ledger's own."""

import random
from collections import Counter
from datetime import timedelta

from recovery.flows.library import library
from tests.recovery.conftest import RENEWED

CODES = ("insufficient_funds", "do_not_honor", "lost_card", "authentication_required", None)


def test_recovered_cash_is_the_ledgers_to_the_cent(company):
    """Random cards and currencies under the library; some payers bring a new card."""
    chance = random.Random(8)
    for rank, name in enumerate(("past_due", "soft_decline", "hard_decline", "authentication")):
        company.publish(library()[name], rank=rank)
    buyers = []
    for _ in range(16):
        script = [chance.choice(CODES) for _ in range(6)]
        amount, currency = chance.choice([(4900, "eur"), (1000, "jpy"), (12340, "kwd")])
        if chance.random() < 0.2:
            amount, currency = 90_000, "eur"
        buyers.append(company.subscriber(*script, amount=amount, currency=currency))
    company.renew()
    end = RENEWED + timedelta(days=40)
    while company.now < end:
        company.run_until(min(end, company.now + timedelta(days=3)), timedelta(days=1))
        buyer = chance.choice(buyers)
        if chance.random() < 0.7:
            company.give_card(buyer["customer"])
        company.settle_down()
    found = company.episodes()
    assert len(found) >= 8
    paid = company.paid()
    recovered = {row["subject_id"]: row["recovered_minor"] for row in found}
    # Stripe counts yen and fils as ISO does; amounts are the ledger's own.
    assert recovered == {row["subject_id"]: paid.get(row["subject_id"], 0) for row in found}
    assert len({row["currency"] for row in found if row["recovered_minor"]}) >= 2
    outcomes = Counter((row["state"], row["outcome"]) for row in found)
    assert outcomes["ended", "recovered"] >= 3
    # No card was tried after a firm refusal, and none more often than the networks allow.
    for buyer in buyers:
        charges = company.get("/v1/charges", customer=buyer["customer"], limit=100)["data"]
        firm: set[str] = set()
        for charge in reversed(charges):
            assert charge["payment_method"] not in firm
            if charge["outcome"]["reason"] in ("lost_card", "authentication_required"):
                firm.add(charge["payment_method"])
        assert len(charges) <= 15
