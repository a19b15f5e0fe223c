"""What do we do at Stripe? Each returns a result as the engine reads it; the key makes it once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.money import from_stripe
from recovery.declines import Declines, Refusal
from recovery.engine.observing import Case, SeenAttempt
from recovery.stripe.client import DeclinedError, RefusedError, StripeClient

Result = Mapping[str, Any]
# Stripe's words for a payment that only its payer can complete.
_NEEDS_PAYER = ("invoice_payment_intent_requires_action", "authentication_required")


def collect(client: StripeClient, declines: Declines, case: Case, key: str) -> Result:
    """Try to collect an invoice, or confirm a payment that belongs to none, off session.

    Raises:
        UnansweredError: It is not known whether it was tried: the same key again, or ask.
    """
    try:
        if case.subject_kind == "invoice":
            paid = client.post(f"/v1/invoices/{case.subject_id}/pay", key, off_session=True)
            amount, is_paid = paid["amount_paid"], paid["status"] == "paid"
        else:
            paid = client.post(
                f"/v1/payment_intents/{case.subject_id}/confirm", key, off_session=True,
                payment_method=case.payment_method,
            )  # fmt: skip
            amount, is_paid = paid["amount_received"], paid["status"] == "succeeded"
    except DeclinedError as declined:
        return _declined(declined.error, declines)
    except RefusedError as refused:
        if refused.provider_code in _NEEDS_PAYER:
            return {
                "status": "declined", "may_retry": False, "decline_class": "action_needed",
                "decline_code": "authentication_required", "reason": refused.detail,
            }  # fmt: skip
        return {"status": "refused", "reason": refused.detail, "code": refused.provider_code}
    if not is_paid:
        return {"status": "processing"}
    money = from_stripe(amount, paid["currency"])
    return {"status": "succeeded", "amount_minor": money.amount_minor, "currency": money.currency}


def result_of_attempt(attempt: SeenAttempt) -> Result:
    """Return the result that a try had whose answer was lost."""
    if attempt.is_success:
        return {
            "status": "succeeded", "amount_minor": attempt.amount_minor,
            "currency": attempt.currency, "charge": attempt.id,
        }  # fmt: skip
    return {
        "status": "declined", "may_retry": attempt.decline_class == "soft", "charge": attempt.id,
        "decline_code": attempt.decline_code, "decline_class": attempt.decline_class,
        "decline_reason": attempt.decline_reason, "reason": f"Declined: {attempt.decline_code}.",
    }  # fmt: skip


def take_over(client: StripeClient, invoice_id: str, key: str) -> Result:
    """Have Stripe leave an invoice's retries to us; done only if it says that it will not retry.

    Raises:
        UnansweredError: It is not known.
    """
    try:
        invoice = client.post(f"/v1/invoices/{invoice_id}", key, auto_advance=False)
    except RefusedError as refused:
        return {
            "status": "failed", "reason": f"Stripe keeps its retries: {refused.detail}",
            "code": refused.provider_code,
        }  # fmt: skip
    if invoice.get("auto_advance") or invoice.get("next_payment_attempt"):
        return {"status": "failed", "reason": "Stripe still plans a retry of its own."}
    return {"status": "done"}


def change_subscription(
    client: StripeClient, subscription_id: str, do: str, price: str | None, key: str
) -> Result:
    """Pause a subscription's collection, cancel it, or move it to another price.

    Raises:
        UnansweredError: It is not known.
    """
    path = f"/v1/subscriptions/{subscription_id}"
    if not subscription_id:
        return {"status": "skipped", "reason": "There is no subscription."}
    try:
        if do == "pause":
            client.post(path, key, **{"pause_collection[behavior]": "keep_as_draft"})
        elif do == "cancel":
            client.delete(path, key)
        else:
            (first, *_) = client.get(path)["items"]["data"]
            changed = {"items[0][id]": first["id"], "items[0][price]": price}
            client.post(path, key, proration_behavior="none", **changed)
    except (RefusedError, DeclinedError) as refused:
        return {"status": "failed", "reason": refused.detail}
    return {"status": "done"}


def _declined(error: Mapping[str, Any], declines: Declines) -> Result:
    method = error.get("payment_method") or {}
    code = str(error.get("decline_code") or error.get("code") or "")
    card = method.get("card") or {}
    meaning = declines.meaning(
        Refusal(
            decline_code=code,
            advice_code=str(error.get("advice_code") or ""),
            network=str(card.get("brand") or ""),
            network_advice_code=str(error.get("network_advice_code") or ""),
        )
    )
    return {
        "status": "declined", "may_retry": meaning.may_retry, "decline_code": code,
        "decline_class": meaning.decline_class, "decline_reason": meaning.reason,
        "charge": str(error.get("charge") or ""), "reason": f"Declined: {code}.",
        **({"wait_hours": meaning.wait // timedelta(hours=1)} if meaning.wait else {}),
    }  # fmt: skip
