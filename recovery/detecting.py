"""What failed, and what came of what had failed? Each change is looked at with the provider itself.

A change names an object; which payments it is about is settled here, each is read, and its episode
is opened, moved or ended. Looking twice at the same state changes nothing.
"""

from dataclasses import replace
from datetime import datetime

from core.database import Rows
from core.tenancy import new_id
from recovery.engine.changing import end, move
from recovery.engine.episode import Episode, Memory
from recovery.engine.observing import Case, observe
from recovery.running import move_on
from recovery.store import actions, episodes
from recovery.store.attempts import note_attempts
from recovery.store.flows import FlowBook
from recovery.store.signals import Signal, episode_of_subject, open_subjects

Subject = tuple[str, str]


def subjects_of(rows: Rows, signal: Signal) -> list[Subject]:
    """Return the payments that a change is about; of customers, those with an open episode."""
    if signal.object == "customer":
        return open_subjects(rows, signal, signal.id)
    if signal.object == "subscription":
        return open_subjects(rows, signal, None, signal.id)
    return [(signal.object, signal.id)]


def look(
    rows: Rows, book: FlowBook, workspace_id: str, connection_id: str, case: Case, now: datetime
) -> str | None:
    """Open, move or end the episode of a case; return its id, None where it needs none."""
    kind, subject_id = case.subject_kind, case.subject_id
    known = episode_of_subject(rows, workspace_id, connection_id, kind, subject_id)
    if known is None:
        if not has_failed(case):
            return None
        known = _open(rows, book, workspace_id, connection_id, case, now)
        if known is None:  # somebody else opened it meanwhile
            known = episode_of_subject(rows, workspace_id, connection_id, kind, subject_id)
            assert known is not None
    (held,) = episodes.lock(rows, workspace_id, [known]) or (None,)
    if held is None:
        return known  # no settings any more: it stands still
    note_attempts(rows, held.episode, case.attempts)
    charging = actions.is_charging(rows, workspace_id, known)
    flow = book.of(rows, held.episode)
    seen = observe(held.episode, flow, case, now, is_charging=charging)
    move_on(rows, book, held, [seen], now)
    return known


def vanish(
    rows: Rows,
    book: FlowBook,
    workspace_id: str,
    connection_id: str,
    subject: Subject,
    now: datetime,
) -> None:
    """End the running episode of a payment that the provider no longer has."""
    known = episode_of_subject(rows, workspace_id, connection_id, *subject)
    for held in episodes.lock(rows, workspace_id, [known] if known else []):
        if held.episode.state != "ended":
            gone = end(held.episode, "lost", "The provider no longer has it.", now)
            move_on(rows, book, held, [gone], now)


def has_failed(case: Case) -> bool:
    """Say whether something is owed because a try failed (or is about to), or a date has passed."""
    if case.status != "open" or case.amount_minor <= 0:
        return False
    if case.subject_kind in ("dispute", "payment_method", "subscription"):
        return True
    if case.cause == "past_due":
        return True
    if case.attempts:
        return not case.attempts[-1].is_success
    # Authentication wanted before anything could be charged.
    return case.subject_kind == "payment_intent" and case.cause == "action_required"


def _open(
    rows: Rows, book: FlowBook, workspace_id: str, connection_id: str, case: Case, now: datetime
) -> str | None:
    episode = Episode(
        workspace_id=workspace_id, id=new_id("ep"), connection_id=connection_id,
        subject_kind=case.subject_kind, subject_id=case.subject_id, cause=case.cause,
        customer_id=case.customer_id, subscription_id=case.subscription_id,
        amount_minor=case.amount_minor, currency=case.currency, facts=case.facts, flow_id=None,
        flow_version=None, step="", state="running", opened_at=now,
        memory=Memory(
            payment_method=case.payment_method,
            card=case.fingerprint,
            newest_charge=case.attempts[-1].id if case.attempts else "",
        ),
    )  # fmt: skip
    taken = book.taking(rows, episode)
    if taken is not None:
        episode = replace(episode, flow_id=taken.flow_id, flow_version=taken.version)
    if not episodes.open_episode(rows, episode):
        return None
    if taken is not None:
        (held,) = episodes.lock(rows, workspace_id, [episode.id])
        known = {"known": dict(taken.known)} if taken.known else {}
        begun = move(held.episode, taken.flow.start, now, "started", f"Taken by {taken.flow.name}.",
                     details={"flow_id": taken.flow_id, "version": taken.version, **known},
                     )  # fmt: skip
        move_on(rows, book, held, [begun], now)
    return episode.id
