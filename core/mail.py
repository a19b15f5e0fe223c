"""How does the platform send mail? One SMTP exchange per message, to the relay of `smtp_url`.

`smtps://` speaks TLS from the start, `smtp://` as soon as the relay offers it. A password is never
sent in the clear beyond this machine.
"""

import smtplib
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from core.errors import ConfigurationError, OppulenceError
from core.settings import Settings

TIMEOUT_SECONDS = 10.0
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class MailNotSentError(OppulenceError):
    """The relay did not take a message."""

    code = "mail_not_sent"
    title = "The mail could not be sent"
    status = 502
    exit_code = 69  # EX_UNAVAILABLE

    def __init__(self, detail: str) -> None:
        super().__init__(detail, next_step="Try again in a minute; then check OPPULENCE_SMTP_URL.")


class RecipientRefusedError(MailNotSentError):
    """The relay says for good that there is nobody to take it."""

    code = "recipient_refused"


class MailUnansweredError(MailNotSentError):
    """The message was handed over, and the relay did not say whether it took it."""

    code = "mail_unanswered"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message; `html` beside the text where it is given.

    `headers` are further ones (`List-Unsubscribe`); `message_id` names a message that must be known
    again, empty for a random name.
    """

    recipient: str
    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends through one relay."""

    sender: str
    _url: SplitResult = field(repr=False)

    @classmethod
    def connect(cls, settings: Settings) -> "Mailer":
        """Build from `smtp_url`; nothing is opened yet.

        Raises:
            MailNotSentError: It is not set.
            ConfigurationError: It is no address of a relay.
        """
        if settings.smtp_url is None or not settings.smtp_url.get_secret_value():
            raise MailNotSentError("No relay is configured.")
        url = urlsplit(settings.smtp_url.get_secret_value())
        if url.scheme not in {"smtp", "smtps"} or not url.hostname:
            raise ConfigurationError(
                "OPPULENCE_SMTP_URL must look like smtp://user:password@host:587 or smtps://…",
                next_step="See docs/settings.md.",
            )
        return cls(settings.mail_from, url)

    def send(self, recipient: str, subject: str, text: str) -> None:
        """Hand one message of plain text to the relay; raises as `hand_over` does."""
        self.hand_over(Mail(recipient, subject, text))

    def hand_over(self, mail: Mail, *, sender: str = "") -> None:
        """Hand one message to the relay.

        Args:
            mail: The message.
            sender: The name and address that it is from, where it is not the installation's own;
                the envelope keeps the installation's, which answers for bounces.

        Raises:
            RecipientRefusedError: The relay refuses the recipient for good.
            MailUnansweredError: Nobody knows whether the relay took it.
            MailNotSentError: The relay does not answer, or refuses; nothing was handed over.
        """
        envelope = parseaddr(self.sender)[1]
        message = _message(mail, sender or self.sender, envelope)
        try:
            relay = self._opened()
        except (OSError, smtplib.SMTPException) as error:
            raise MailNotSentError(f"The relay said: {type(error).__name__}.") from error
        with closing(relay):
            self._converse(relay, envelope, mail.recipient, message)
            with suppress(OSError, smtplib.SMTPException):
                relay.quit()

    def _converse(
        self, relay: smtplib.SMTP, envelope: str, recipient: str, message: EmailMessage
    ) -> None:
        address = parseaddr(recipient)[1]
        is_plain = address.isascii() and envelope.isascii()
        if not is_plain and not relay.has_extn("smtputf8"):
            raise MailNotSentError("The relay takes addresses of plain letters only.")
        content = message.as_bytes(policy=SMTP_POLICY.clone(utf8=not is_plain))
        try:
            code, _ = relay.mail(envelope, () if is_plain else ("SMTPUTF8", "BODY=8BITMIME"))
            if code < 300:
                code, _ = relay.rcpt(address)
        except (OSError, smtplib.SMTPException) as error:
            raise MailNotSentError(f"The relay said: {type(error).__name__}.") from error
        # 550 to 553 are about the mailbox; other refusals of 5xx are about us or the message.
        if 550 <= code <= 553:
            raise RecipientRefusedError(f"The relay refused the recipient: {code}.")
        if code >= 300:
            raise MailNotSentError(f"The relay said: {code}.")
        try:
            code, _ = relay.data(content)
        except smtplib.SMTPDataError as error:
            raise MailNotSentError(f"The relay said: {error.smtp_code}.") from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnansweredError(f"The relay said: {type(error).__name__}.") from error
        if code >= 300:
            raise MailNotSentError(f"The relay said: {code}.")

    def _opened(self) -> smtplib.SMTP:
        host = self._url.hostname or ""
        relay: smtplib.SMTP
        if self._url.scheme == "smtps":
            relay = smtplib.SMTP_SSL(
                host,
                self._url.port or 465,
                timeout=TIMEOUT_SECONDS,
                context=ssl.create_default_context(),
            )
        else:
            relay = smtplib.SMTP(host, self._url.port or 587, timeout=TIMEOUT_SECONDS)
        try:
            relay.ehlo()
            is_private = self._url.scheme == "smtps" or host in _LOOPBACK
            if self._url.scheme == "smtp" and relay.has_extn("starttls"):
                relay.starttls(context=ssl.create_default_context())
                relay.ehlo()
                is_private = True
            if self._url.username:
                if not is_private:
                    raise MailNotSentError("The relay offers no TLS for the password.")
                relay.login(unquote(self._url.username), unquote(self._url.password or ""))
        except BaseException:
            relay.close()
            raise
        return relay


def _message(mail: Mail, sender: str, envelope: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.recipient, mail.subject
    domain = envelope.rpartition("@")[2] or "localhost"
    message["Date"] = formatdate()
    message["Message-ID"] = mail.message_id or make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message
