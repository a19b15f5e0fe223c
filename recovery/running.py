"""What moves episodes whose time has come? A share of them per transaction, by the pure engine.

An episode goes on until it waits, acts or ends; what it passed is committed together. A kill
before the commit leaves it as it was, due as before.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.database import Database, Rows
from core.logs import get_logger
from recovery.engine.advancing import advance, facts_now, leave
from recovery.engine.episode import Episode, Lookup, Terms, Transition
from recovery.engine.goals import goal_facts, note
from recovery.flows.conditions import wanted
from recovery.flows.document import Flow
from recovery.store import episodes
from recovery.store.flows import FlowBook

SHARE = 500
# A flow's loops hold waits: longer chains than this cannot be, but for a fault of ours.
MOST_STEPS = 300

log = get_logger("recovery")


def run_due(database: Database, book: FlowBook, now: datetime, most: int = SHARE) -> int:
    """Move a share of the due episodes; return how many steps were taken.

    Raises:
        EngineUnavailableError: Postgres does not answer; nothing has moved.
    """
    with database.system() as rows:
        held = episodes.due(rows, now, most)
        lookup = book.lookup_for(rows, held, now)
        chains = [chain_of(rows, book, one, now, lookup) for one in held]
        episodes.commit(rows, chains, now)
    return sum(len(chain) for chain in chains)


def chain_of(
    rows: Rows, book: FlowBook, held: episodes.Held, now: datetime, lookup: Lookup | None
) -> list[Transition]:
    """Return everything that an episode does now, in order."""
    flow = book.of(rows, held.episode)
    terms = replace(book.terms(rows, held), lookup=lookup)
    return [] if flow is None else follow(held.episode, flow, terms, now)


def follow(episode: Episode, flow: Flow, terms: Terms, now: datetime) -> list[Transition]:
    """Return an episode's transitions until it waits, acts or ends."""
    chain: list[Transition] = []
    while len(chain) < MOST_STEPS and (step := advance(episode, flow, terms, now)) is not None:
        chain.append(step)
        episode = step.episode
        if step.action is not None:
            break
    return chain


def move_on(
    rows: Rows,
    book: FlowBook,
    held: episodes.Held,
    transitions: Sequence[Transition | None],
    now: datetime,
    *,
    events: tuple[str, ...] = (),
) -> None:
    """Commit transitions of a locked episode, and what follows from the last of them at once.

    Goals are noted first, by what the transitions tell of, and by `events` that none of them does.
    New facts may let it leave its flow at once; what would have to be looked up waits for a step.
    """
    chain = [transition for transition in transitions if transition is not None]
    episode = chain[-1].episode if chain else held.episode
    flow = book.of(rows, episode)
    if flow is not None:
        facts = {**facts_now(episode, now), **goal_facts(episode, flow)}
        told = {*events, *(event for one in chain for event in one.events)}
        if (reached := note(episode, flow, facts, told, now)) is not None:
            chain.append(reached)
        exits = [each for each in flow.exits if not wanted([each.when])]
        is_news = bool(chain) and chain[0].kind == "facts_changed"
        if is_news and (left := leave(chain[-1].episode, exits, facts, now)) is not None:
            chain.append(left)
    if not chain:
        return
    if flow is not None:
        chain += follow(chain[-1].episode, flow, book.terms(rows, held), now)
    episodes.commit(rows, [chain], now)
