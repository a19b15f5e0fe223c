"""What if no event came? Each account is walked from time to time; what differs is looked at.

Open invoices that were tried, or sent and not paid in time, and have no episode; running episodes
whose invoice is no longer open; cards that expire and renewals on cards that decline. The net below
the events, and how pre-dunning begins.
"""

from datetime import datetime, timedelta

from core.database import Rows
from core.errors import NotFoundError, OppulenceError
from core.logs import get_logger
from recovery.accounts import NotConnectedError
from recovery.store import settings
from recovery.stripe.ahead import EXPAND, subjects_ahead
from recovery.stripe.cases import is_past_due
from recovery.stripe.client import StripeClient
from recovery.watching import Parts, look_at_subjects

EVERY = timedelta(hours=1)
SHARE = 10
# A card declines if its newest try within so long did.
DECLINES_WITHIN = timedelta(days=45)

_RUNNING = """
select subject_kind, subject_id from recovery_episodes
where workspace_id = %s and connection_id = %s and state <> 'ended'
"""
_HELD = """
select subject_id from recovery_episodes
where workspace_id = %s and connection_id = %s and subject_kind = 'invoice'
    and subject_id = any(%s)
"""
_NEWEST = """
select is_success from recovery_attempts
where workspace_id = %s and connection_id = %s and fingerprint = %s and attempted_at > %s
order by attempted_at desc limit 1
"""
Subject = tuple[str, str]

log = get_logger("recovery")


def sweep_due(parts: Parts, now: datetime) -> int:
    """Walk the accounts that are due; return how many.

    Raises:
        EngineUnavailableError: Postgres does not answer.
    """
    with parts.database.system() as rows:
        accounts = settings.to_sweep(rows, now, now - EVERY, SHARE)
    for workspace_id, connection_id in accounts:
        try:
            sweep(parts, workspace_id, connection_id, now)
        except (NotConnectedError, NotFoundError):
            continue
        except OppulenceError as error:
            log.warning("sweep failed", connection=connection_id, reason=error.detail)
    return len(accounts)


def sweep(parts: Parts, workspace_id: str, connection_id: str, now: datetime) -> int:
    """Walk one account; return how many payments were looked at.

    Raises:
        OppulenceError: The provider refuses or does not answer: the next sweep goes on.
    """
    client = parts.accounts.client(workspace_id, connection_id)
    tried = {
        ("invoice", str(invoice["id"]))
        for invoice in client.every("/v1/invoices", status="open")
        if invoice["attempted"] or is_past_due(invoice, now)
    }
    with parts.database.system() as rows:
        named = [workspace_id, connection_id]
        found = rows.execute(_RUNNING, named).fetchall()
        running = {(row["subject_kind"], row["subject_id"]) for row in found}
        ids = [subject_id for _, subject_id in tried]
        held = rows.execute(_HELD, [*named, ids]).fetchall()
    known = {("invoice", row["subject_id"]) for row in held}
    wanted = (tried - known) | {one for one in running if one[0] != "invoice"}
    wanted |= {one for one in running if one[0] == "invoice" and one not in tried}
    wanted |= _ahead(parts, client, workspace_id, connection_id, now) - running
    look_at_subjects(parts, workspace_id, connection_id, sorted(wanted), now)
    return len(wanted)


def _ahead(
    parts: Parts, client: StripeClient, workspace_id: str, connection_id: str, now: datetime
) -> set[Subject]:
    named = {f"expand[{number}]": f"data.{path}" for number, path in enumerate(EXPAND)}
    found: set[Subject] = set()
    for subscription in client.every("/v1/subscriptions", **named):
        for kind, subject_id, fingerprint in subjects_ahead(subscription, now):
            if kind == "subscription":
                with parts.database.system() as rows:
                    if not _declines(rows, workspace_id, connection_id, fingerprint, now):
                        continue
            found.add((kind, subject_id))
    return found


def _declines(
    rows: Rows, workspace_id: str, connection_id: str, fingerprint: str, now: datetime
) -> bool:
    values = [workspace_id, connection_id, fingerprint, now - DECLINES_WITHIN]
    newest = rows.execute(_NEWEST, values).fetchone()
    return newest is not None and not newest["is_success"]
