"""How does the platform send mail? One SMTP exchange per message, to the relay of `smtp_url`.

`smtps://` speaks TLS from the start, `smtp://` as soon as the relay offers it. A password is never
sent in the clear beyond this machine.
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
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


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends plain text through one relay."""

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
        """Hand one message to the relay.

        Raises:
            MailNotSentError: The relay does not answer, or refuses.
        """
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, recipient, subject
        domain = parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            with self._opened() as relay:
                relay.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise MailNotSentError(f"The relay said: {type(error).__name__}.") from error

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
