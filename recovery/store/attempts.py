"""Which tries were made on a card, whoever made them? The limits are held against these."""

from datetime import timedelta

from core.database import Rows
from recovery.engine.episode import Episode
from recovery.engine.observing import SeenAttempt
from recovery.limits import Attempt

_INSERT = """
insert into recovery_attempts as a
    (workspace_id, connection_id, id, episode_id, fingerprint, attempted_at, is_success, is_ours,
     decline_code, decline_class, wait_hours, amount_minor, currency)
values (%(workspace_id)s, %(connection_id)s, %(id)s, %(episode_id)s, %(fingerprint)s, %(at)s,
    %(is_success)s, %(is_ours)s, %(decline_code)s, %(decline_class)s, %(wait_hours)s,
    %(amount_minor)s, %(currency)s)
on conflict (workspace_id, connection_id, id) do update set
"""
_NOTE = f"""{_INSERT}
    attempted_at = excluded.attempted_at, fingerprint = excluded.fingerprint,
    is_success = excluded.is_success, is_ours = a.is_ours or excluded.is_ours,
    decline_code = excluded.decline_code, decline_class = excluded.decline_class,
    wait_hours = excluded.wait_hours
"""
# What the provider's own list has said of it meanwhile is better known than its answer to us.
_NOTE_ANSWERED = f"{_INSERT} is_ours = true"
_OF_CARD = """
select id, attempted_at, is_success, decline_class, wait_hours from recovery_attempts
where workspace_id = %s and connection_id = %s and fingerprint = %s
order by attempted_at desc limit 100
"""
_UNDER_WAY = """
select id, started_at from recovery_actions
where workspace_id = %s and kind = 'retry' and state = 'started' and content ->> 'card' = %s
"""
_ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended(%s, 8))"


def note_attempts(
    rows: Rows, episode: Episode, seen: tuple[SeenAttempt, ...], ours: str = ""
) -> None:
    """Keep the tries of an episode's payment; `ours` is the charge that our retry made."""
    values = [_values(episode, one, is_ours=one.id == ours) for one in seen]
    if values:
        with rows.cursor() as cursor:
            cursor.executemany(_NOTE, values)


def note_answered(rows: Rows, episode: Episode, tried: SeenAttempt) -> None:
    """Keep a try of ours as the answer to it tells, until the provider lists it."""
    rows.execute(_NOTE_ANSWERED, _values(episode, tried, is_ours=True))


def on_card(
    rows: Rows,
    episode: Episode,
    fingerprint: str,
    seen: tuple[SeenAttempt, ...] = (),
    *,
    but_for: str = "",
) -> list[Attempt]:
    """Return the tries on a card over all episodes; what was just read goes before what is kept.

    Tries that are under way count as well, but for the action of this id; no card has none.
    """
    if not fingerprint:
        return []
    named = [episode.workspace_id, episode.connection_id, fingerprint]
    read = {one.id for one in seen}
    under_way = rows.execute(_UNDER_WAY, [episode.workspace_id, card_of(episode, fingerprint)])
    return [
        *(
            Attempt(fingerprint, one.at, one.is_success, one.decline_class,  # type: ignore[arg-type]
                    timedelta(hours=one.wait_hours))
            for one in seen
            if one.fingerprint == fingerprint
        ),
        *(
            Attempt(fingerprint, row["attempted_at"], row["is_success"], row["decline_class"],
                    timedelta(hours=row["wait_hours"]))
            for row in rows.execute(_OF_CARD, named).fetchall()
            if row["id"] not in read
        ),
        *(
            # Nobody knows yet what comes of it: it counts, and says nothing of the card.
            Attempt(fingerprint, row["started_at"], is_success=True)
            for row in under_way.fetchall()
            if row["id"] != but_for
        ),
    ]  # fmt: skip


def alone_on_card(rows: Rows, episode: Episode, fingerprint: str) -> None:
    """Keep others from counting a card's tries until this transaction's own is committed."""
    rows.execute(_ONE_BY_ONE, [f"{episode.workspace_id}|{card_of(episode, fingerprint)}"])


def card_of(episode: Episode, fingerprint: str) -> str:
    """Return the name under which a try that is under way is found by its card."""
    return f"{episode.connection_id}|{fingerprint}"


def _values(episode: Episode, one: SeenAttempt, *, is_ours: bool) -> dict[str, object]:
    return {
        "workspace_id": episode.workspace_id, "connection_id": episode.connection_id,
        "id": one.id, "episode_id": episode.id, "fingerprint": one.fingerprint, "at": one.at,
        "is_success": one.is_success, "is_ours": is_ours, "decline_code": one.decline_code,
        "decline_class": one.decline_class, "wait_hours": one.wait_hours,
        "amount_minor": one.amount_minor, "currency": one.currency,
    }  # fmt: skip
