"""What is done about a payment that no flow takes? Decided from the marts and a model's chance.

Pure: one open failure of the marts, the episode as the API tells it, and the chance that a try made
now is paid. The API and the worker hold the rest: limits of card networks, firm refusals, caps on
messages, addresses that are not written to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# A try that is less likely than this is not worth one of the few that the networks allow.
LEAST_CHANCE = 0.2
MOST_ATTEMPTS = 6
BETWEEN_TRIES = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Act:
    """One request to the API. The same failure in the same state asks for the same, once."""

    episode_id: str
    body: Mapping[str, str]
    key: str
    why: str


def decide(
    failure: Mapping[str, Any],
    episode: Mapping[str, Any],
    chance: float | None,
    now: datetime,
    *,
    may_retry: bool,
) -> Act | None:
    """Return what to ask for; None for nothing.

    Args:
        failure: A row of `marts.fct_recovery_episodes` that is open.
        episode: As `GET /v1/recovery/episodes/{id}` answers.
        chance: Of a try made now; None where no model answers.
        now: The moment.
        may_retry: We own the retries of this account.
    """
    if episode["state"] != "running" or episode["flow_id"] is not None:
        return None  # a flow, or a person, has it
    attempts = int(failure["attempts_made"])
    is_hopeless = not failure["is_retriable"] or attempts >= MOST_ATTEMPTS
    if not is_hopeless and may_retry and chance is not None and chance >= LEAST_CHANCE:
        if now - failure["last_failed_at"] < BETWEEN_TRIES:
            return None
        return _act(episode, {"do": "retry"}, attempts, f"A try is {chance:.0%} likely to be paid.")
    if any(action["kind"] == "message" for action in episode["actions"]):
        return None
    if is_hopeless or (chance is not None and chance < LEAST_CHANCE):
        body = {"do": "send", "template": "update_method"}
        return _act(episode, body, attempts, "A try has little hope: the payer is asked.")
    return None


def _act(episode: Mapping[str, Any], body: Mapping[str, str], attempts: int, why: str) -> Act:
    key = f"recovery-{episode['id']}-{attempts}-{body['do']}"
    return Act(str(episode["id"]), body, key, why)
