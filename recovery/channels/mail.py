"""How does a message reach a payer by mail? One relay, and a name by which a repetition is known.

`key` names the message: it is the Message-ID, so that a mail client shows a repeated one once, and
a reply says which episode it is about. A relay that does not say whether it took a message counts
as having taken it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from typing import Any

from core.mail import (
    Mail,
    Mailer,
    MailNotSentError,
    MailUnansweredError,
    RecipientRefusedError,
)
from recovery.senders import (
    AddressGoneError,
    NotSentError,
    OutgoingMessage,
    SenderUnavailableError,
    Written,
)


@dataclass(frozen=True, slots=True)
class MailSender:
    """Sends mail through the installation's relay."""

    mailer: Mailer

    def send(self, message: OutgoingMessage, written: Written) -> Mapping[str, Any]:
        """Hand one message to the relay.

        Raises:
            NotSentError: The customer has no address.
            AddressGoneError: The relay refuses the mailbox for good.
            SenderUnavailableError: The relay is away; nothing was handed over.
        """
        if "@" not in message.recipient:
            raise NotSentError("The customer has no address.")
        address = parseaddr(self.mailer.sender)[1]
        try:
            self.mailer.hand_over(
                _mail(message, written, address), sender=formataddr((written.sender_name, address))
            )
        except RecipientRefusedError as error:
            raise AddressGoneError(error.detail, told_by="relay") from error
        except MailUnansweredError:
            return {"delivery": "unknown"}
        except MailNotSentError as error:
            raise SenderUnavailableError(error.detail) from error
        return {"delivery": "handed_over"}

    def was_sent(self, key: str) -> bool | None:
        """Say that nobody can know: a relay is not asked afterwards."""
        return None


def _mail(message: OutgoingMessage, written: Written, address: str) -> Mail:
    domain = address.rpartition("@")[2] or "localhost"
    name = "".join(letter if letter.isalnum() else "." for letter in message.key)
    return Mail(
        recipient=message.recipient,
        subject=written.subject,
        text=written.text,
        html=written.html,
        headers={
            "Reply-To": written.reply_to,
            # RFC 8058: one click in the mail client, by POST.
            "List-Unsubscribe": f"<{written.stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        message_id=f"<{name}@{domain}>",
    )
