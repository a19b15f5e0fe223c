"""May this message be sent, and did it leave? Checks, words, then its channel's sender, once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from core.database import Rows
from core.errors import InvalidInputError
from recovery.access import access_ends_at
from recovery.engine.advancing import facts_now
from recovery.engine.clocks import zone_of
from recovery.engine.episode import Episode, Terms
from recovery.engine.foretelling import next_try
from recovery.engine.observing import Case
from recovery.flows.document import Cap, Flow
from recovery.payer.addresses import address_hash, phone_number
from recovery.payer.suppressing import suppress_address
from recovery.senders import (
    AddressGoneError,
    Channel,
    Known,
    NotSentError,
    OutgoingMessage,
    SenderUnavailableError,
)
from recovery.store import actions
from recovery.store import settings as settings_store
from recovery.store.actions import Action
from recovery.store.episodes import Held
from recovery.stripe.client import StripeClient
from recovery.stripe.collecting import Result
from recovery.stripe.subscribing import product_name
from recovery.watching import Parts

MOST_TRIES = 8
# A message above a cap waits so long for its turn; what would wait longer is passed over.
WAITS_AT_MOST = timedelta(days=1)
_DEFAULT_CAPS = (Cap(messages=1, days=1), Cap(messages=4, days=14))
_UNREACHED = {
    "email": "The customer has no address.",
    "sms": "The customer has no number in international form, such as +49 170 1234567.",
}
_SUPPRESSED = """
select reason from recovery_suppressions
where workspace_id = %s and channel = %s and address_hash = %s
"""


def deliver(
    parts: Parts,
    client: StripeClient,
    action: Action,
    episode: Episode,
    case: Case,
    now: datetime,
) -> Result | None:
    """Send once, or return why not; None where it waits, or another worker has it.

    Raises:
        UnansweredError: Stripe did not say what the plan is called; nothing left the house.
        SenderUnavailableError: The channel is away; nothing left the house.
    """
    channel = cast(Channel, action.content["channel"])
    sender = parts.senders[channel]
    if action.state == "started":
        left = sender.was_sent(action.id)
        if left is not False:
            status = "done" if left else "unknown"
            return {"status": status, "reason": "It was interrupted; it is not sent twice."}
    plan_name = product_name(client, case.product_id)
    try:
        with parts.database.system() as rows:
            flow = parts.book.of(rows, episode)
            terms = parts.book.terms(rows, Held(episode, settings_store.held(rows, episode)))
            message = message_of(action, episode, case, flow, terms, now, plan_name=plan_name)
            why_not = _refusal(rows, flow, action, message, now)
            if why_not is not None:
                return why_not
            if not actions.start(rows, action, now):
                return None
            written = parts.writer.write(rows, message, now)
    except InvalidInputError as error:  # nothing was committed: there are no words for it
        return {"status": "failed", "reason": error.detail}
    try:
        sent = sender.send(message, written)
    except AddressGoneError as error:
        with parts.database.system() as rows:
            suppress_address(
                rows, message.workspace_id, channel, address_hash(message.recipient), "bounced",
                now, told_by=error.told_by, episode_id=message.episode_id,
            )  # fmt: skip
        return _skipped(error.detail)
    except NotSentError as error:
        return _skipped(error.detail)
    except SenderUnavailableError as error:
        if action.attempts >= MOST_TRIES:
            return {"status": "failed", "reason": error.detail}
        with parts.database.system() as rows:
            pause = timedelta(seconds=30) * 2 ** min(action.attempts, 8)
            actions.later(rows, action, now + pause, is_untouched=True)
        return None
    told = {"template": message.template, "channel": channel}
    return {"status": "done", **told, **written.kept, **sent}


def message_of(
    action: Action,
    episode: Episode,
    case: Case,
    flow: Flow | None,
    terms: Terms,
    now: datetime,
    *,
    plan_name: str = "",
) -> OutgoingMessage:
    """Return what is to be written and sent."""
    channel = cast(Channel, action.content["channel"])
    facts: Mapping[str, object] = facts_now(episode, now)
    recipient = {"email": case.recipient, "sms": phone_number(case.phone), "slack": ""}[channel]
    return OutgoingMessage(
        key=action.id,
        workspace_id=episode.workspace_id,
        connection_id=episode.connection_id,
        episode_id=episode.id,
        customer_id=episode.customer_id,
        subject_kind=episode.subject_kind,
        subject_id=episode.subject_id,
        channel=channel,
        template=str(action.content["template"]),
        tone=str(action.content.get("tone", "brand")),
        basis=str(action.content.get("basis", "contract")),
        locale=str(facts.get("locale") or ""),
        recipient=recipient,
        recipient_name=case.recipient_name,
        amount_minor=case.amount_minor,
        currency=case.currency,
        facts=facts_now(episode, now),
        known=replace(_known(episode, case, flow, terms, now), plan_name=plan_name),
        note=str(action.content.get("note", "")),
    )


def _known(episode: Episode, case: Case, flow: Flow | None, terms: Terms, now: datetime) -> Known:
    """Return what else templates may tell, days in the customer's own zone."""
    tried_at = next_try(episode, flow, terms, case.provider_retries_at, now)
    moments = {
        "due_on": case.due_at, "next_attempt_on": tried_at,
        "access_ends_on": access_ends_at(case, terms, now),
    }  # fmt: skip
    zone = zone_of(episode, terms)
    days = {
        name: "" if moment is None else moment.astimezone(zone).date().isoformat()
        for name, moment in moments.items()
    }
    return Known(invoice_number=case.invoice_number, card_last4=case.card_last4, **days)


def _refusal(
    rows: Rows, flow: Flow | None, action: Action, message: OutgoingMessage, now: datetime
) -> Result | None:
    """Return why a payer is not written to; None where they may be."""
    if message.channel == "slack":
        return None
    if not message.recipient:
        return _skipped(_UNREACHED[message.channel])
    if message.basis == "consent" and message.facts.get("metadata.sms_consent") != "true":
        return _skipped("The customer has not consented.")
    named = [message.workspace_id, message.channel, address_hash(message.recipient)]
    suppressed = rows.execute(_SUPPRESSED, named).fetchone()
    if suppressed is not None:
        return _skipped(f"Nothing more is sent there: {suppressed['reason']}.")
    for cap in (_DEFAULT_CAPS if flow is None else flow.message_caps) if action.customer_id else ():
        window = timedelta(days=cap.days)
        sent = actions.messages_since(rows, action, now - window)
        if len(sent) < cap.messages:
            continue
        reason = f"{cap.messages} messages within {cap.days} days are the limit."
        frees = sent[cap.messages - 1] + window
        if action.is_manual or frees - now > WAITS_AT_MOST:
            return _skipped(reason)
        return {"status": "deferred", "reason": reason, "until": frees.isoformat()}
    return None


def _skipped(reason: str) -> Result:
    return {"status": "skipped", "reason": reason}
