"""Which words do merchants read for causes, refusals, outcomes and steps? One table of each.

What has no row (a decline code of tomorrow) is read as it is written, without underscores.
"""

CAUSES = {
    "renewal": "Renewal failed",
    "first_payment": "First payment failed",
    "one_off": "One-off payment failed",
    "action_required": "Bank wants a confirmation",
    "debit_returned": "Debit was returned",
    "dispute_lost": "Dispute was lost",
    "card_expiring": "Card is about to expire",
    "upcoming_renewal": "Renewal likely to fail",
    "past_due": "Sent invoice is past due",
}
REASONS = {
    "funds": "Not enough money",
    "issuer": "Declined by the bank",
    "card_data": "Card expired or details wrong",
    "card_blocked": "Card blocked, lost or stolen",
    "authentication": "Customer must confirm",
    "not_permitted": "Card does not allow it",
    "revoked": "Permission withdrawn",
    "risk": "Held to be risky",
    "technical": "Technical failure",
    "none": "No refusal so far",
}
OUTCOMES = {
    "recovered": "Recovered",
    "lost": "Lost",
    "done": "Prevented",
    "handed_over": "Handed over",
    "holdout": "Left alone (holdout)",
    "closed": "Closed by hand",
    "goal_reached": "Goal reached",
}
STATES = {"running": "In recovery", "paused": "Paused", "ended": "Ended"}
RECOVERED_BY = {
    "retry": "by our retry",
    "payer": "by the payer",
    "provider": "by the provider's retry",
    "out_of_band": "outside the provider",
}
ACTIONS = {
    "take_over": "Taking over retries",
    "retry": "Retry",
    "message": "Message",
    "task": "Task",
    "webhook": "Webhook",
    "subscription": "Subscription change",
}
ACTION_STATES = {
    "ready": "waiting",
    "started": "under way",
    "done": "done",
    "failed": "failed",
    "skipped": "not done",
    "unknown": "unknown, counted as done",
}
BADGES = {
    "recovered": "good", "done": "good", "goal_reached": "good", "lost": "bad",
    "running": "cool", "paused": "warn",
    "failed": "bad", "unknown": "warn", "ready": "cool", "started": "cool",
}  # fmt: skip


def plain(code: str) -> str:
    """Return a code as words: `insufficient_funds` is "Insufficient funds"."""
    return code.replace("_", " ").capitalize()


def cause(code: str) -> str:
    """Return how a payment failed, or is about to."""
    return CAUSES.get(code, plain(code))


def reason(code: str) -> str:
    """Return what kind of refusal it was."""
    return REASONS.get(code or "none", plain(code))


def outcome(code: str) -> str:
    """Return how an episode ended."""
    return OUTCOMES.get(code, plain(code))


def state(code: str) -> str:
    """Return where an episode stands."""
    return STATES.get(code, plain(code))


FILTERS = {
    "plain_words": plain,
    "cause_words": cause,
    "reason_words": reason,
    "outcome_words": outcome,
    "state_words": state,
    "recovered_by_words": lambda code: RECOVERED_BY.get(code, plain(code)),
    "action_words": lambda code: ACTIONS.get(code, plain(code)),
    "action_state_words": lambda code: ACTION_STATES.get(code, plain(code)),
    "badge_of": lambda code: BADGES.get(code, ""),
}
