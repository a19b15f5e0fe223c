"""How does an alert reach the merchant's own people? By the webhook of their Slack channel.

The webhook's address is a credential of the workspace, kept sealed. Where it has none, alerts are
written into the folder. What Slack did not answer counts as taken: an alert is not sent twice.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.database import Database
from core.outbound_address import (
    AddressRefusedError,
    AddressUnansweredError,
    checked_address,
)
from core.outbound_post import NoAnswerError, post_to
from core.secrets import SecretBox, SecretUnreadableError
from recovery.senders import NotSentError, OutgoingMessage, Sender, SenderUnavailableError, Written
from recovery.store import slack

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SlackSender:
    """Posts to workspaces' incoming webhooks. `database` is of the system role."""

    database: Database
    box: SecretBox = field(repr=False)
    local_allowed: bool
    otherwise: Sender

    def send(self, message: OutgoingMessage, written: Written) -> Mapping[str, Any]:
        """Post one alert.

        Raises:
            NotSentError: Slack refuses it for good: the webhook was revoked, the channel is gone;
                or its address does not open with the installation's keys.
            SenderUnavailableError: Slack is away, or asks to wait; it took nothing.
        """
        with self.database.system() as rows:
            sealed = slack.sealed_url(rows, message.workspace_id)
        if sealed is None:
            return self.otherwise.send(message, written)
        try:
            url = self.box.open(sealed, context=slack.context(message.workspace_id))
        except SecretUnreadableError as error:
            raise NotSentError("The channel's address cannot be read: set it again.") from error
        return post_alert(url, written.text, local_allowed=self.local_allowed)

    def was_sent(self, key: str) -> bool | None:
        """Say whether its file is there, for one that was written; else nobody can know."""
        return self.otherwise.was_sent(key) or None


def post_alert(url: str, text: str, *, local_allowed: bool) -> dict[str, str]:
    """Post one alert to a webhook; return whether it was taken, or nobody knows.

    Raises:
        NotSentError: It is refused for good.
        SenderUnavailableError: Slack is away, or asks to wait; it took nothing.
    """
    body = json.dumps({"text": text, "unfurl_links": False}).encode()
    try:
        address = checked_address(url, local_allowed=local_allowed)
        status, said = post_to(
            address, body, {"Content-Type": "application/json"}, seconds=TIMEOUT_SECONDS
        )
    except AddressUnansweredError as error:
        raise SenderUnavailableError(error.detail) from error
    except AddressRefusedError as error:
        raise NotSentError(error.detail) from error
    except NoAnswerError as error:
        if error.is_unsent:
            raise SenderUnavailableError("Slack does not answer.") from error
        return {"delivery": "unknown"}
    if status == 429 or status >= 500:
        raise SenderUnavailableError(f"Slack answered {status}.")
    if not 200 <= status < 300:
        raise NotSentError(f"Slack answered {status}: {said or 'no reason'}.")
    return {"delivery": "handed_over"}
