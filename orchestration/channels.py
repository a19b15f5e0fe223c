"""Who is told of troubles, and how? The log always; a webhook and mail where settings name them.

A channel takes a batch whole or raises; its sensor then keeps its cursor and tries again, so that
every trouble is told at least once, and by its id at most once to whoever minds ids. The webhook is
signed as Standard Webhooks says and carries `text`, which chat systems show as it is.
"""

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence

import httpx

from core.authorities import trusted
from core.clock import utc_now
from core.errors import ConfigurationError, OppulenceError
from core.logs import get_logger
from core.mail import Mailer
from core.settings import Settings
from orchestration.troubles import Trouble

TIMEOUT_SECONDS = 15.0
_SECRET_PREFIX = "whsec_"  # noqa: S105 (of Standard Webhooks)
log = get_logger("alerts")

Channel = Callable[[Settings, Sequence[Trouble]], None]


class AlertNotSentError(OppulenceError):
    """A channel did not take what it was told."""

    code = "alert_not_sent"
    title = "An alert could not be sent"


def tell_log(settings: Settings, troubles: Sequence[Trouble]) -> None:
    """Write a line per trouble."""
    for one in troubles:
        write = log.error if one.state == "failing" and one.severity == "error" else log.warning
        write(one.state, name=one.name, reason=one.reason, run=run_address(settings, one))


def tell_webhook(settings: Settings, troubles: Sequence[Trouble]) -> None:
    """POST each trouble to `alert_webhook_url`.

    Raises:
        AlertNotSentError: It does not answer, or not with a success.
    """
    url = settings.required("alert_webhook_url")
    with httpx.Client(
        timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False, verify=trusted()
    ) as client:
        for one in troubles:
            body = json.dumps(as_json(settings, one)).encode()
            try:
                answer = client.post(url, content=body, headers=_headers(settings, one.id, body))
            except httpx.HTTPError as error:
                raise AlertNotSentError(f"The webhook: {type(error).__name__}.") from None
            if not answer.is_success:
                raise AlertNotSentError(f"The webhook answered {answer.status_code}.")


def tell_mail(settings: Settings, troubles: Sequence[Trouble]) -> None:
    """Send one message about all troubles to each of `alert_emails`.

    Raises:
        MailNotSentError: The relay does not take it.
    """
    failing = [one for one in troubles if one.state == "failing"]
    subject = f"Oppulence: {_subject(failing or troubles)}"
    text = "\n\n".join(in_words(settings, one) for one in troubles)
    mailer = Mailer.connect(settings)
    for address in addresses(settings):
        mailer.send(address, subject, text + "\n")


CHANNELS: Mapping[str, Channel] = {"log": tell_log, "webhook": tell_webhook, "mail": tell_mail}


def is_open(settings: Settings, channel: str) -> bool:
    """Say whether settings name somebody on a channel."""
    return {
        "log": True,
        "webhook": settings.alert_webhook_url is not None,
        "mail": bool(addresses(settings)) and settings.smtp_url is not None,
    }[channel]


def addresses(settings: Settings) -> list[str]:
    """Return whom mail goes to."""
    return [part.strip() for part in settings.alert_emails.split(",") if part.strip()]


def as_json(settings: Settings, trouble: Trouble) -> dict[str, object]:
    """Return what the webhook sends of a trouble."""
    return {
        "type": "alert.failing" if trouble.state == "failing" else "alert.well_again",
        "timestamp": trouble.at.isoformat(),
        "text": in_words(settings, trouble),
        "data": {
            "id": trouble.id, "name": trouble.name, "severity": trouble.severity,
            "reason": trouble.reason, "run_url": run_address(settings, trouble),
        },
    }  # fmt: skip


def in_words(settings: Settings, trouble: Trouble) -> str:
    """Return a trouble as a person reads it."""
    since = f"{trouble.at:%Y-%m-%d %H:%M} UTC"
    lines = [f"{trouble.name}: {trouble.state} ({trouble.severity}, {since})"]
    return "\n".join([*lines, *filter(None, [trouble.reason]), run_address(settings, trouble)])


def run_address(settings: Settings, trouble: Trouble) -> str:
    """Return where Dagster shows the run."""
    dagster = settings.dagster_url.rstrip("/") or f"http://127.0.0.1:{settings.dagster_port}"
    return f"{dagster}/runs/{trouble.run_id}"


def _subject(troubles: Sequence[Trouble]) -> str:
    first = f"{troubles[0].name} {troubles[0].state}"
    return first if len(troubles) == 1 else f"{first}, and {len(troubles) - 1} more"


def _headers(settings: Settings, name: str, body: bytes) -> dict[str, str]:
    at = int(utc_now().timestamp())
    headers = {"content-type": "application/json", "webhook-id": name, "webhook-timestamp": str(at)}
    if settings.alert_webhook_secret is not None:
        text = settings.alert_webhook_secret.get_secret_value().removeprefix(_SECRET_PREFIX)
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            raise ConfigurationError(
                "OPPULENCE_ALERT_WEBHOOK_SECRET is no base64.", next_step="See docs/settings.md."
            ) from None
        made = hmac.digest(key, f"{name}.{at}.".encode() + body, "sha256")
        headers["webhook-signature"] = f"v1,{base64.b64encode(made).decode()}"
    return headers
