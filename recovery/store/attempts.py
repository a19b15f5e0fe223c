"""Which tries were made on a card, whoever made them? The limits are held against these."""

from datetime import timedelta

from core.database import Rows
from recovery.engine.episode import Episode
from recovery.engine.observing import SeenAttempt
from recovery.limits import Attempt

_NOTE = """
insert into recovery_attempts as a
    (workspace_id, connection_id, id, episode_id, fingerprint, attempted_at, is_success, is_ours,
     decline_code, decline_class, amount_minor, currency)
values (%(workspace_id)s, %(connection_id)s, %(id)s, %(episode_id)s, %(fingerprint)s, %(at)s,
    %(is_success)s, %(is_ours)s, %(decline_code)s, %(decline_class)s, %(amount_minor)s,
    %(currency)s)
on conflict (workspace_id, connection_id, id) do update set
    is_success = excluded.is_success, is_ours = a.is_ours or excluded.is_ours,
    decline_code = excluded.decline_code, decline_class = excluded.decline_class
"""
_OF_CARD = """
select fingerprint, attempted_at, is_success, decline_class from recovery_attempts
where workspace_id = %s and connection_id = %s and fingerprint = %s
order by attempted_at desc limit 100
"""
# The card of the episode's newest try, and what was tried on it, of any episode.
_OF_EPISODES_CARD = """
select tried.fingerprint, tried.attempted_at, tried.is_success, tried.decline_class
from (
    select connection_id, fingerprint from recovery_attempts
    where workspace_id = %(workspace_id)s and episode_id = %(episode_id)s
    order by attempted_at desc, id desc limit 1
) as card
join recovery_attempts tried on tried.workspace_id = %(workspace_id)s
    and tried.connection_id = card.connection_id and tried.fingerprint = card.fingerprint
order by tried.attempted_at desc limit 100
"""


def on_card_of(rows: Rows, episode: Episode) -> list[Attempt]:
    """Return the tries on the card that an episode was last tried with, newest first."""
    named = {"workspace_id": episode.workspace_id, "episode_id": episode.id}
    return [
        Attempt(row["fingerprint"], row["attempted_at"], row["is_success"], row["decline_class"])
        for row in rows.execute(_OF_EPISODES_CARD, named)
    ]


def note_attempts(
    rows: Rows, episode: Episode, seen: tuple[SeenAttempt, ...], ours: str = ""
) -> None:
    """Keep the tries of an episode's payment; `ours` is the charge that our retry made."""
    values = [
        {
            "workspace_id": episode.workspace_id, "connection_id": episode.connection_id,
            "id": one.id, "episode_id": episode.id, "fingerprint": one.fingerprint, "at": one.at,
            "is_success": one.is_success, "is_ours": one.id == ours,
            "decline_code": one.decline_code, "decline_class": one.decline_class,
            "amount_minor": one.amount_minor, "currency": one.currency,
        }
        for one in seen
    ]  # fmt: skip
    if values:
        with rows.cursor() as cursor:
            cursor.executemany(_NOTE, values)


def on_card(
    rows: Rows, episode: Episode, fingerprint: str, seen: tuple[SeenAttempt, ...]
) -> list[Attempt]:
    """Return the tries on a card over all episodes; what was just read goes before what is kept."""
    just_read = [
        Attempt(one.fingerprint, one.at, one.is_success, one.decline_class,  # type: ignore[arg-type]
                timedelta(hours=one.wait_hours))
        for one in seen
        if one.fingerprint == fingerprint
    ]  # fmt: skip
    known = {(one.at, one.is_success) for one in just_read}
    named = [episode.workspace_id, episode.connection_id, fingerprint]
    kept = [
        Attempt(row["fingerprint"], row["attempted_at"], row["is_success"], row["decline_class"])
        for row in rows.execute(_OF_CARD, named)
    ]
    return just_read + [one for one in kept if (one.at, one.is_success) not in known]
