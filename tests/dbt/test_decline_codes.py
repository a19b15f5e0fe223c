"""Does the taxonomy of declines know what Stripe says, and contradict itself nowhere?"""

import csv
from collections import Counter

from core.settings import PROJECT_ROOT
from sandbox.stripe.decline_codes import DECLINES

# What Stripe's Smart Retries never try again (its page of that name).
STRIPE_NEVER_RETRIES = {
    "authentication_required", "highest_risk_level", "incorrect_number", "lost_card",
    "pickup_card", "revocation_of_all_authorizations", "revocation_of_authorization",
    "stolen_card", "transaction_not_allowed",
}  # fmt: skip
# Mastercard's advice to wait, in hours.
WAITS = {"24": 1, "25": 24, "26": 48, "27": 96, "28": 144, "29": 192, "30": 240, "02": 72}


def rows() -> list[dict[str, str]]:
    with (PROJECT_ROOT / "dbt" / "seeds" / "decline_codes.csv").open() as file:
        return list(csv.DictReader(file))


def of(vocabulary: str) -> dict[str, dict[str, str]]:
    return {row["code"]: row for row in rows() if row["vocabulary"] == vocabulary}


def test_a_code_is_there_once_and_in_the_words_that_the_seed_declares() -> None:
    seen = Counter((row["provider"], row["vocabulary"], row["code"]) for row in rows())
    assert max(seen.values()) == 1
    assert {row["severity"] for row in rows()} == {"hard", "soft"}
    assert {row["basis"] for row in rows()} == {"stated", "judged"}
    assert {row["reason"] for row in rows()} == {
        "authentication", "card_blocked", "card_data", "funds", "issuer", "not_permitted",
        "revoked", "risk", "technical",
    }  # fmt: skip
    assert all(row["source"].startswith("https://") for row in rows())


def test_what_will_never_be_approved_is_not_tried_again() -> None:
    broken = [row for row in rows() if row["severity"] == "hard" and row["is_retriable"] == "true"]
    assert broken == []


def test_stripe_s_own_list_of_what_it_never_retries_is_hard() -> None:
    codes = of("decline_code")
    told = {code for code, row in codes.items() if row["source"].endswith("smart-retries")}
    assert told == STRIPE_NEVER_RETRIES
    assert {codes[code]["severity"] for code in told} == {"hard"}


def test_the_network_s_waits_are_in_hours() -> None:
    told = {code: row["wait_hours"] for code, row in of("network_advice_code").items()}
    assert {code: int(hours) for code, hours in told.items() if hours} == WAITS


def test_every_decline_of_the_sandbox_is_known_with_its_advice() -> None:
    codes, advice = of("decline_code"), of("advice_code")
    assert set(DECLINES) <= set(codes)
    assert {d.advice for d in DECLINES.values() if d.advice} <= set(advice)
