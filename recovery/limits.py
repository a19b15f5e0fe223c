"""May a card be tried once more? The card networks' limits, and never after a firm no.

Pure, over the attempts that were seen on one card, whoever made them. Visa allows 15 attempts on a
card in 30 days, Mastercard 10 in 24 hours and 35 in 30 days; the strictest of both holds for every
card. A method whose newest refusal is hard, or wants its holder, is not tried: a new one may be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from recovery.declines import DeclineClass

# (attempts, window): as many as this, and not one more.
WINDOWS: tuple[tuple[int, timedelta], ...] = (
    (10, timedelta(hours=24)),
    (15, timedelta(days=30)),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try on one card or account."""

    fingerprint: str
    at: datetime
    is_success: bool
    decline_class: DeclineClass = "none"
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Refused:
    """Not now, or (without `until`) not with this method at all."""

    reason: str
    until: datetime | None = None


def refusal(attempts: Sequence[Attempt], fingerprint: str, now: datetime) -> Refused | None:
    """Return why the card must not be tried now; None where it may be."""
    on_card = sorted((one for one in attempts if one.fingerprint == fingerprint), key=_at)
    if not on_card:
        return None
    newest = on_card[-1]
    if not newest.is_success and newest.decline_class == "hard":
        return Refused("The bank declined for good: this method is not tried again.")
    if not newest.is_success and newest.decline_class == "action_needed":
        return Refused("The bank wants the customer themselves: this method is not tried again.")
    if not newest.is_success and now < newest.at + newest.wait:
        return Refused("The network asked to wait.", newest.at + newest.wait)
    for most, window in WINDOWS:
        within = [one for one in on_card if one.at > now - window]
        if len(within) >= most:
            frees = within[-most].at + window
            return Refused(f"{most} attempts within {_words(window)} are the limit.", frees)
    return None


def held_back(attempts: Sequence[Attempt], moment: datetime) -> Refused | None:
    """Return what keeps the card of these attempts from being tried at a moment, and until when.

    `until` is the first moment at which nothing does any more; None where it may be tried, or not
    with this card at all (which is told when it comes to the try).
    """
    if not attempts:
        return None
    first = found = refusal(attempts, attempts[0].fingerprint, moment)
    while found is not None and found.until is not None:
        first = Refused(first.reason if first else found.reason, found.until)
        found = refusal(attempts, attempts[0].fingerprint, found.until)
    return first if found is None else None


def _at(attempt: Attempt) -> datetime:
    return attempt.at


def _words(window: timedelta) -> str:
    return f"{window.days} days" if window.days > 1 else "24 hours"
