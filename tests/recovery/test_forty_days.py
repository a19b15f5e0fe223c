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
    # Of ours, no try followed a firm refusal of the same card, nor was any beyond the networks'.
    newest: dict[str, str] = {}
    tries: Counter[str] = Counter()
    for row in company.tries():
        card, firm = row["fingerprint"], newest.get(row["fingerprint"])
        assert not (row["is_ours"] and firm in ("hard", "action_needed")), row
        newest[card] = row["decline_class"]
        tries[card] += row["is_ours"]
    assert tries.total() >= 5
    assert max(tries.values()) <= 14
