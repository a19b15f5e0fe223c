"""How does a message leave? Through a sender per channel; by default it is only written down.

The seam for channels: a sender is given everything by value and holds no database. The engine has
committed that the message is being sent before it calls `send`, and never calls it twice for one
`key`; after a crash in between it asks `was_sent`, and where nobody knows, the message counts as
sent. A sender that must not write to this payer (unsubscribed, bounced) raises `NotSentError`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from core.errors import OppulenceError
from recovery.flows.facts import Facts

Channel = Literal["email", "sms", "slack"]


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to write and send.

    Attributes:
        key: Names the message for good; the same key is the same message.
        recipient: Address or number; empty where the customer has none.
        template: Which text, of the merchant's or the library's.
        facts: The episode's facts, for the template's variables.
        subject_id: The invoice (or payment) that it is about.
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


class NotSentError(OppulenceError):
    """The message is not sent and will not be: unwanted, or nobody to reach."""

    code = "message_not_sent"
    title = "The message was not sent"


class SenderUnavailableError(OppulenceError):
    """Nothing was handed over; the same message may be tried again."""

    code = "sender_unavailable"
    title = "The channel is unavailable"
    status = 503


class Sender(Protocol):
    """Sends through one channel."""

    def send(self, message: OutgoingMessage) -> Mapping[str, Any]:
        """Send; what is returned is kept with the episode's timeline (no personal data).

        Raises:
            NotSentError: It was not sent, for good.
            SenderUnavailableError: It was not sent, now.
        """
        ...

    def was_sent(self, key: str) -> bool | None:
        """Say whether the message of this key left; None where nobody can know."""
        ...


@dataclass(frozen=True, slots=True)
class FolderSender:
    """Writes messages into a folder instead of sending them: what a new installation does."""

    folder: Path

    def send(self, message: OutgoingMessage) -> Mapping[str, Any]:
        """Write one file, named by the message's key."""
        if message.channel != "slack" and not message.recipient:
            raise NotSentError("The customer has no address.")
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {name: getattr(message, name) for name in message.__dataclass_fields__}
        whole = json.dumps({**content, "facts": dict(message.facts)}, indent=1, default=list)
        started = self._file(message.key).with_suffix(".part")
        started.write_text(whole)
        started.rename(self._file(message.key))
        return {"written": self._file(message.key).name}

    def was_sent(self, key: str) -> bool | None:
        """Say whether its file is there."""
        return self._file(key).exists()

    def _file(self, key: str) -> Path:
        return self.folder / f"{key.replace('|', '_')}.json"


Senders = Mapping[Channel, Sender]


def folder_senders(data_dir: Path) -> Senders:
    """Return the default: every channel written into `recovery_messages` of the data folder."""
    written = FolderSender(data_dir / "recovery_messages")
    return {"email": written, "sms": written, "slack": written}
