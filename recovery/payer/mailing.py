"""How does a message reach a payer by mail? The workspace's words and brand, two links, one relay.

`key` names the message: it is the Message-ID, so that a mail client shows a repeated one once, and
a reply says which episode it is about. A relay that refuses the mailbox for good ends all further
messages there; a relay that does not say whether it took a message counts as having taken it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import formataddr, parseaddr
from typing import Any

from core.clock import utc_now
from core.database import Database, Rows
from core.mail import (
    Mail,
    Mailer,
    MailNotSentError,
    MailUnansweredError,
    RecipientRefusedError,
)
from core.money import Money
from recovery.messages.facts import Facts
from recovery.messages.rendering import Rendered, render
from recovery.messaging import address_hash
from recovery.payer.links import LIFETIME, Link, Purpose, make_link
from recovery.payer.suppressing import suppress_address
from recovery.payer.wording import (
    Voice,
    language_of,
    purpose_of,
    region_of,
    template_of,
    tone_of,
    voice_of,
)
from recovery.senders import NotSentError, OutgoingMessage, SenderUnavailableError

_FAILED_ON = """
select max(attempted_at)::date as failed_on from recovery_attempts
where workspace_id = %s and episode_id = %s and not is_success
"""


@dataclass(frozen=True, slots=True)
class MailSender:
    """Sends mail through the installation's relay. `database` is of the system role."""

    database: Database
    mailer: Mailer
    public_address: str
    secret: str

    def send(self, message: OutgoingMessage) -> Mapping[str, Any]:
        """Write and send one message.

        Raises:
            NotSentError: The customer has no address, or the relay refuses it for good.
            SenderUnavailableError: The relay is away; nothing was handed over.
        """
        if "@" not in message.recipient:
            raise NotSentError("The customer has no address.")
        now = utc_now()
        with self.database.system() as rows:
            voice = voice_of(rows, message.workspace_id, parseaddr(self.mailer.sender)[1])
            pay, stop = (self._link(rows, message, purpose, now) for purpose in _PURPOSES)
            written, words = self._write(rows, message, voice, pay, stop)
        kept = {"subject": written.subject, "words": words}
        try:
            self.mailer.hand_over(
                _mail(message, written, stop, voice, self.mailer.sender),
                sender=formataddr((voice.sender, parseaddr(self.mailer.sender)[1])),
            )
        except RecipientRefusedError as error:
            with self.database.system() as rows:
                name = address_hash(message.recipient)
                suppress_address(
                    rows, message.workspace_id, "email", name, "bounced", now, told_by="relay",
                    episode_id=message.episode_id,
                )  # fmt: skip
            raise NotSentError(error.detail) from error
        except MailUnansweredError:
            return {**kept, "delivery": "unknown"}
        except MailNotSentError as error:
            raise SenderUnavailableError(error.detail) from error
        return {**kept, "delivery": "handed_over"}

    def was_sent(self, key: str) -> bool | None:
        """Say that nobody can know: a relay is not asked afterwards."""
        return None

    def _link(self, rows: Rows, message: OutgoingMessage, purpose: Purpose, now: datetime) -> str:
        link = Link(
            workspace_id=message.workspace_id,
            purpose=purpose,
            episode_id=message.episode_id,
            language=language_of(message.locale),
            channel="email",
            address_hash=address_hash(message.recipient),
            expires_at=now + LIFETIME[purpose],
        )
        token = make_link(rows, link, secret=self.secret, now=now)
        path = "" if purpose == "pay" else "/unsubscribe"
        return f"{self.public_address}/r/{token}{path}"

    def _write(
        self, rows: Rows, message: OutgoingMessage, voice: Voice, pay: str, stop: str
    ) -> tuple[Rendered, str]:
        named = (
            purpose_of(message.template), language_of(message.locale),
            tone_of(message.tone, voice.tone),
        )  # fmt: skip
        template, version = template_of(rows, message.workspace_id, *named)
        row = rows.execute(_FAILED_ON, [message.workspace_id, message.episode_id]).fetchone()
        facts = Facts(
            company_name=voice.brand.company_name,
            support_email=voice.support_email,
            amount=Money(message.amount_minor, message.currency),
            pay_url=pay,
            customer_name=message.recipient_name or None,
            reason=_text(message.facts.get("decline_reason")),
            card_last4=_text(message.facts.get("card_last4")),
            card_expires_on=_day(message.facts.get("card_expires_on")),
            failed_on=row["failed_on"] if row else None,
        )
        written = render(
            template, facts, voice.brand, unsubscribe_url=stop, region=region_of(message.locale)
        )
        return written, "/".join((*named, str(version)))


_PURPOSES: tuple[Purpose, ...] = ("pay", "unsubscribe")


def _mail(
    message: OutgoingMessage, written: Rendered, stop: str, voice: Voice, sender: str
) -> Mail:
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    name = "".join(letter if letter.isalnum() else "." for letter in message.key)
    return Mail(
        recipient=message.recipient,
        subject=written.subject,
        text=written.text,
        html=written.html,
        headers={
            "Reply-To": voice.support_email,
            # RFC 8058: one click in the mail client, by POST.
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        message_id=f"<{name}@{domain}>",
    )


def _text(value: object) -> str | None:
    return str(value) if value else None


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
