"""How is a payment tried again, exactly once? Checked, committed as started, sent under its key."""

from datetime import datetime, timedelta

from recovery.engine.episode import Episode
from recovery.engine.observing import Case, SeenAttempt
from recovery.limits import refusal
from recovery.store import actions
from recovery.store.actions import Action
from recovery.store.attempts import (
    alone_on_card,
    card_of,
    note_answered,
    note_attempts,
    on_card,
)
from recovery.stripe.client import StripeClient
from recovery.stripe.collecting import Result, collect, result_of_attempt, take_over
from recovery.watching import Parts

# Stripe forgets a key after a day at the earliest: after this a try is made anew, or not at all.
KEY_LIVES = timedelta(hours=23)


def retry(
    parts: Parts,
    client: StripeClient,
    action: Action,
    episode: Episode,
    case: Case,
    now: datetime,
) -> Result | None:
    """Try once, or return why not; None where another worker has the action by now.

    Raises:
        UnansweredError: It is not known whether it was tried: it is settled when next looked at.
    """
    if action.state == "started":
        trace = _trace(case, str(action.content.get("newest", "")))
        if trace is not None:
            with parts.database.system() as rows:
                note_attempts(rows, episode, case.attempts, ours=trace.id)
            return result_of_attempt(trace)
        if action.started_at is not None and now - action.started_at > KEY_LIVES:
            return {"status": "refused", "reason": "It was interrupted, and is planned anew.",
                    "until": now.isoformat()}  # fmt: skip
    if not case.payment_method:
        return {"status": "refused", "reason": "There is no method to charge."}
    with parts.database.system() as rows:
        alone_on_card(rows, episode, case.fingerprint)
        tries = on_card(rows, episode, case.fingerprint, case.attempts, but_for=action.id)
        refused = refusal(tries, case.fingerprint, now)
        if refused is None:
            newest = case.attempts[-1].id if case.attempts else ""
            card = card_of(episode, case.fingerprint)
            if not actions.start(rows, action, now, newest=newest, card=card):
                return None
    if refused is not None:
        until = {"until": refused.until.isoformat()} if refused.until else {}
        return {"status": "refused", "reason": refused.reason, **until}
    if case.provider_retries_at is not None:
        taken = take_over(client, case.subject_id, f"{action.id}_take_over")
        if taken["status"] != "done":
            return {"status": "refused", "reason": taken["reason"]}
    result = collect(client, parts.declines, case, action.id)
    _note(parts, episode, case, result, now)
    return result


def _trace(case: Case, newest: str) -> SeenAttempt | None:
    """Return the try that was made after `newest`, if there is one."""
    ids = [one.id for one in case.attempts]
    after = case.attempts[ids.index(newest) + 1 :] if newest in ids else case.attempts
    return after[0] if after else None


def _note(parts: Parts, episode: Episode, case: Case, result: Result, now: datetime) -> None:
    charge = str(result.get("charge") or "")
    if not charge or result["status"] != "declined":
        return
    tried = SeenAttempt(
        id=charge, at=now, fingerprint=case.fingerprint, is_success=False,
        decline_code=str(result["decline_code"]), decline_class=str(result["decline_class"]),
        decline_reason=str(result.get("decline_reason", "")),
        wait_hours=int(result.get("wait_hours", 0)),
        amount_minor=case.amount_minor, currency=case.currency,
    )  # fmt: skip
    with parts.database.system() as rows:
        note_answered(rows, episode, tried)
