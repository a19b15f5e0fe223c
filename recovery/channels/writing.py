"""Which words does a message have? Its channel's own, of the workspace's words and what is known.

One step for all channels: who speaks, which template, the payer's language, the links. It runs in
the transaction that commits the message as being sent, so that a link is there with its message.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from email.utils import parseaddr

from core.database import Rows
from core.money import Money
from recovery.messages.facts import Facts
from recovery.messages.rendering import render
from recovery.messages.slack import LANGUAGE, write_alert, write_note
from recovery.messages.sms import write_sms
from recovery.messages.templates import Template
from recovery.payer.addresses import address_hash
from recovery.payer.links import LIFETIME, Link, Purpose, make_link
from recovery.payer.wording import (
    Voice,
    language_of,
    purpose_of,
    region_of,
    template_of,
    tone_of,
    voice_of,
)
from recovery.senders import Channel, OutgoingMessage, Written

_FAILED_ON = """
select max(attempted_at)::date as failed_on from recovery_attempts
where workspace_id = %s and episode_id = %s and not is_success
"""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes what channels carry.

    Attributes:
        public_address: Where payers' pages and the merchant's are.
        mail_from: Whom the installation's mail is from: asked where a workspace has set nobody.
        secret: Under which links are kept.
    """

    public_address: str
    mail_from: str
    secret: str = field(repr=False)

    def write(self, rows: Rows, message: OutgoingMessage, now: datetime) -> Written:
        """Return a message's words; links of it are kept in the open transaction.

        Raises:
            InvalidInputError: They cannot be filled in, or are too long for the channel.
        """
        voice = voice_of(rows, message.workspace_id, parseaddr(self.mail_from)[1])
        return _CHANNELS[message.channel](self, rows, message, voice, now)

    def _mail(self, rows: Rows, message: OutgoingMessage, voice: Voice, now: datetime) -> Written:
        template, words = self._template(rows, message, voice)
        stop = self._link(rows, message, "unsubscribe", now)
        found = render(
            template, self._facts(rows, message, voice, self._link(rows, message, "pay", now)),
            voice.brand, unsubscribe_url=stop, region=region_of(message.locale),
        )  # fmt: skip
        return Written(
            text=found.text, html=found.html, subject=found.subject, stop_url=stop,
            sender_name=voice.sender, reply_to=voice.support_email,
            kept={"subject": found.subject, "words": words},
        )  # fmt: skip

    def _sms(self, rows: Rows, message: OutgoingMessage, voice: Voice, now: datetime) -> Written:
        template, words = self._template(rows, message, voice)
        stop = self._link(rows, message, "unsubscribe", now)
        found = write_sms(
            template, self._facts(rows, message, voice, self._link(rows, message, "pay", now)),
            stop_url=stop, region=region_of(message.locale),
        )  # fmt: skip
        kept = {"words": words, "segments": found.segments}
        return Written(text=found.text, stop_url=stop, kept=kept)

    def _slack(self, rows: Rows, message: OutgoingMessage, voice: Voice, _: datetime) -> Written:
        base = f"{self.public_address}/workspaces/{message.workspace_id}/recovery"
        episode = f"{base}/episodes/{message.episode_id}"
        facts = self._facts(rows, message, voice, self.public_address)
        said = "Your team's channel was told."
        if message.note:
            return Written(text=write_note(message.note, facts, episode), kept={"reason": said})
        purpose = purpose_of(message.template)
        kept = {"reason": said, "words": f"{purpose}/{LANGUAGE}/alert/0"}
        return Written(text=write_alert(purpose, facts, episode), kept=kept)

    def _template(self, rows: Rows, message: OutgoingMessage, voice: Voice) -> tuple[Template, str]:
        named = (
            purpose_of(message.template), language_of(message.locale),
            tone_of(message.tone, voice.tone),
        )  # fmt: skip
        template, version = template_of(rows, message.workspace_id, *named)
        return template, "/".join((*named, str(version)))

    def _facts(self, rows: Rows, message: OutgoingMessage, voice: Voice, pay_url: str) -> Facts:
        row = rows.execute(_FAILED_ON, [message.workspace_id, message.episode_id]).fetchone()
        known = message.known
        return Facts(
            company_name=voice.brand.company_name,
            support_email=voice.support_email,
            amount=Money(message.amount_minor, message.currency),
            pay_url=pay_url,
            customer_name=message.recipient_name or None,
            invoice_number=known.invoice_number or None,
            reason=str(message.facts.get("decline_reason") or "") or None,
            card_last4=known.card_last4 or None,
            card_expires_on=_day(message.facts.get("card_expires_on")),
            failed_on=row["failed_on"] if row else None,
            due_on=_day(known.due_on),
            next_attempt_on=_day(known.next_attempt_on),
            plan_name=known.plan_name or None,
            access_ends_on=_day(known.access_ends_on),
        )

    def _link(self, rows: Rows, message: OutgoingMessage, purpose: Purpose, now: datetime) -> str:
        link = Link(
            workspace_id=message.workspace_id,
            purpose=purpose,
            episode_id=message.episode_id,
            language=language_of(message.locale),
            channel=message.channel,
            address_hash=address_hash(message.recipient),
            expires_at=now + LIFETIME[purpose],
        )
        token = make_link(rows, link, secret=self.secret, now=now)
        path = "" if purpose == "pay" else "/unsubscribe"
        return f"{self.public_address}/r/{token}{path}"


_CHANNELS: Mapping[Channel, Callable[[Writer, Rows, OutgoingMessage, Voice, datetime], Written]] = {
    "email": Writer._mail, "sms": Writer._sms, "slack": Writer._slack,
}  # fmt: skip


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
