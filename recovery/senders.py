"""How does a message leave? Through a sender per channel; by default it is only written down.

The seam for channels: a sender is given everything by value, the words included, and decides
nothing about them. The engine has committed that the message is being sent before it calls `send`,
and never calls it twice for one `key`; after a crash in between it asks `was_sent`, and where
nobody knows, the message counts as sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from core.errors import OppulenceError
from recovery.flows.facts import Facts

Channel = Literal["email", "sms", "slack"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one debt beyond its episode's facts, for templates; empty where it is not.

    Days are written as ISO 8601.
    """

    invoice_number: str = ""
    card_last4: str = ""
    due_on: str = ""
    next_attempt_on: str = ""
    plan_name: str = ""
    access_ends_on: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to write and send.

    Attributes:
        key: Names the message for good; the same key is the same message.
        recipient: Address or number; empty where the customer has none, and for Slack.
        template: Which text, of the merchant's or the library's.
        facts: The episode's facts.
        subject_id: The invoice (or payment) that it is about.
        note: What an alert says in place of its template's words: a task's instruction.
    """

    key: str
    workspace_id: str
    connection_id: str
    episode_id: str
    customer_id: str
    subject_kind: str
    subject_id: str
    channel: Channel
    template: str
    tone: str
    basis: str
    locale: str
    recipient: str = field(repr=False)
    recipient_name: str = field(repr=False)
    amount_minor: int
    currency: str
    facts: Facts = field(repr=False)
    known: Known = field(default=Known(), repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """The words of one message, as its channel carries them.

    Attributes:
        text: All that is said, as plain text.
        kept: What the timeline keeps of it (no personal data): which words they were, above all.
        subject: Of a mail, as are those below.
        stop_url: Where reminders end.
    """

    text: str = field(repr=False)
    kept: Mapping[str, Any]
    subject: str = ""
    html: str = field(default="", repr=False)
    stop_url: str = field(default="", repr=False)
    sender_name: str = ""
    reply_to: str = ""


class NotSentError(OppulenceError):
    """The message is not sent and will not be: unwanted, or nobody to reach."""

    code = "message_not_sent"
    title = "The message was not sent"


class AddressGoneError(NotSentError):
    """Nobody is at that address any more: nothing further is sent there, as `told_by` says."""

    def __init__(self, detail: str, *, told_by: str) -> None:
        super().__init__(detail)
        self.told_by = told_by


class SenderUnavailableError(OppulenceError):
    """Nothing was handed over; the same message may be tried again."""

    code = "sender_unavailable"
    title = "The channel is unavailable"
    status = 503


class Sender(Protocol):
    """Sends through one channel."""

    def send(self, message: OutgoingMessage, written: Written) -> Mapping[str, Any]:
        """Send; what is returned is kept with the episode's timeline (no personal data).

        Raises:
            NotSentError: It was not sent, for good.
            SenderUnavailableError: It was not sent, now.
        """
        ...

    def was_sent(self, key: str) -> bool | None:
        """Say whether the message of this key left; None where nobody can know."""
        ...


Senders = Mapping[Channel, Sender]
