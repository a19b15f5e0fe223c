"""What may a payer do about their debt? Pay, choose a day, use another method, ask for help.

Each locks the episode, so that a click and a timer cannot both act; what is paid is paid through
the engine, under its limits and its keys, so that two clicks are one payment.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.database import Rows
from core.recovery_signals import CHANNEL
from core.tenancy import new_id
from recovery.engine.by_hand import pause
from recovery.engine.changing import stay
from recovery.engine.episode import Episode, Transition
from recovery.engine.observing import happened
from recovery.payer.links import Link
from recovery.running import move_on
from recovery.store import actions, episodes, tasks
from recovery.store.flows import FlowBook
from recovery.stripe.client import StripeClient

# How far away a promised day may be, and the hour at which one is woken on it.
PROMISE_DAYS = 14
PROMISED_AT = time(10)
MOST_CHARACTERS = 1000

_SIGNAL = """
insert into recovery_signals as s (workspace_id, connection_id, object, id, version, noted_at)
values (%s, %s, %s, %s, 1, %s)
on conflict (workspace_id, connection_id, object, id) do update
    set version = s.version + 1, leased_until = '-infinity', attempts = 0
"""


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day that may be promised."""

    first: date
    last: date


def days_from(now: datetime) -> Days:
    """Return the days that a payer may choose."""
    today = now.date()
    return Days(today + timedelta(days=1), today + timedelta(days=PROMISE_DAYS))


def held(rows: Rows, link: Link) -> episodes.Held | None:
    """Lock the link's episode; None where it is gone."""
    found = episodes.lock(rows, link.workspace_id, [link.episode_id])
    return found[0] if found else None


def may_be_paid(episode: Episode) -> bool:
    """Tell whether there is a payment to make: an open invoice or payment, not a warning."""
    return episode.state != "ended" and episode.subject_kind in ("invoice", "payment_intent")


def is_being_paid(rows: Rows, episode: Episode) -> bool:
    """Tell whether a try is waiting or under way."""
    return actions.is_under_way(rows, episode.workspace_id, episode.id, "retry")


def pay_now(rows: Rows, episode: Episode, now: datetime) -> bool:
    """Have the payment tried at once; False where one is under way."""
    if is_being_paid(rows, episode):
        return False
    actions.ask(rows, episode, "retry", {"by": "payer"}, now)
    _ring(rows)
    return True


def promise(rows: Rows, book: FlowBook, of: episodes.Held, day: date, now: datetime) -> None:
    """Do nothing before the day: what was due earlier is due then, in the merchant's time."""
    woken = happened(of.episode, book.of(rows, of.episode), "promise_made", now)
    moves = [woken or _postponed(of, day)]
    move_on(rows, book, of, moves, now, events=("promise_made",))


def ask_for_help(rows: Rows, book: FlowBook, of: episodes.Held, text: str, now: datetime) -> None:
    """Give a person the payer's words, and let the flow rest until that person resumes it."""
    episode = of.episode
    tasks.give(rows, episode, f"The payer asks: {text}", now)
    woken = happened(episode, book.of(rows, episode), "help_asked", now)
    moves = [woken or pause(episode, "the payer's question")]
    move_on(rows, book, of, moves, now, events=("help_asked",))


def open_portal(client: StripeClient, episode: Episode, return_url: str) -> str:
    """Return the address of Stripe's page for another payment method, made for this click.

    Raises:
        RefusedError: Stripe refuses.
        UnansweredError: Stripe does not answer.
    """
    session = client.post(
        "/v1/billing_portal/sessions", new_id("portal"), customer=episode.customer_id,
        return_url=return_url, **{"flow_data[type]": "payment_method_update"},
    )  # fmt: skip
    return str(session["url"])


def adopt_method(client: StripeClient, episode: Episode) -> bool:
    """Use the customer's new default for the subscription too; return whether there is one.

    Stripe's page sets the customer's default only, and retries take the subscription's first: left
    there, the old card would be tried for ever.

    Raises:
        RefusedError: Stripe refuses.
        UnansweredError: Stripe does not answer.
    """
    customer = client.find(f"/v1/customers/{episode.customer_id}") or {}
    chosen = (customer.get("invoice_settings") or {}).get("default_payment_method")
    if not chosen:
        return False
    if episode.subscription_id:
        path = f"/v1/subscriptions/{episode.subscription_id}"
        subscription = client.find(path)
        if subscription is not None and subscription.get("default_payment_method") != chosen:
            # Named by the method: a repeated return is the same change.
            key = f"{episode.id}_{chosen}"
            client.post(path, key, default_payment_method=chosen)
    return bool(chosen != episode.memory.payment_method)


def look_again(rows: Rows, episode: Episode, now: datetime) -> None:
    """Have the engine read the payment from the provider at once."""
    rows.execute(
        _SIGNAL,
        [
            episode.workspace_id,
            episode.connection_id,
            episode.subject_kind,
            episode.subject_id,
            now,
        ],
    )
    _ring(rows)


def _postponed(of: episodes.Held, day: date) -> Transition | None:
    episode = of.episode
    if episode.state != "running" or episode.due_at is None:
        return None
    until = datetime.combine(day, PROMISED_AT, tzinfo=of.terms.zone)
    if episode.due_at >= until:
        return None
    return stay(
        episode, "promised", f"The payer promises to pay on {day}.", due_at=until,
        awaits=episode.awaits, memory=episode.memory, details={"day": day.isoformat()},
    )  # fmt: skip


def _ring(rows: Rows) -> None:
    rows.execute("select pg_notify(%s, '')", [CHANNEL])
