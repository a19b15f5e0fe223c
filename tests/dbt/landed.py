"""What lands beside the company, each in its own workspace: before the marts first run, or after?

A set of facts that needs no more than that is a line here and a module that says what it is of.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.dbt import (
    balance_rows,
    billed_rows,
    buried_rows,
    collected_rows,
    converted_rows,
    discounted_rows,
    drafted_rows,
    journal_facts,
    late_rows,
    ledger_facts,
    moved_rows,
    subscribed_rows,
)

Rows = list[tuple[str, int, str]]


class Landing(NamedTuple):
    """Rows of one raw table, or the word that they are no more."""

    workspace: str
    table: str
    rows: Rows
    is_deleted: int = 0


def before() -> Iterator[Landing]:
    """Yield what the marts' first run, over everything, finds."""
    for workspace, tables in (
        (late_rows.WORKSPACE, late_rows.rows(late_rows.FIRST)),
        (ledger_facts.WORKSPACE, ledger_facts.rows()),
        (journal_facts.WORKSPACE, journal_facts.rows(journal_facts.FIRST)),
        (buried_rows.WORKSPACE, buried_rows.rows()),
        (drafted_rows.WORKSPACE, drafted_rows.FIRST),
        (balance_rows.WORKSPACE, balance_rows.FIRST),
        (subscribed_rows.WORKSPACE, subscribed_rows.FIRST),
        (converted_rows.WORKSPACE, converted_rows.FIRST),
        (moved_rows.WORKSPACE, moved_rows.FIRST),
        (moved_rows.UNLINKED, [*moved_rows.REFUSED, *moved_rows.LINK]),
        (collected_rows.WORKSPACE, collected_rows.rows(is_late=False)),
        (discounted_rows.HALVES, discounted_rows.FIRST),
        (discounted_rows.REVERSED, discounted_rows.LAST),
    ):
        yield from (Landing(workspace, table, rows) for table, rows in tables)
    yield from (Landing(*landing) for landing in billed_rows.rows(billed_rows.FIRST))


def after() -> Iterator[Landing]:
    """Yield what lands once the marts are there: an incremental run finds it."""
    for workspace, tables in (
        (drafted_rows.WORKSPACE, drafted_rows.LAST),
        (balance_rows.WORKSPACE, balance_rows.LAST),
        (converted_rows.WORKSPACE, converted_rows.LAST),
        (journal_facts.WORKSPACE, journal_facts.rows(journal_facts.LAST)),
        (moved_rows.WORKSPACE, moved_rows.LAST),
        (subscribed_rows.WORKSPACE, subscribed_rows.LAST),
        (collected_rows.WORKSPACE, collected_rows.rows(is_late=True)),
        (discounted_rows.HALVES, discounted_rows.LAST),
        (discounted_rows.REVERSED, discounted_rows.FIRST),
        (discounted_rows.WHOLE, [*discounted_rows.FIRST, *discounted_rows.LAST]),
    ):
        yield from (Landing(workspace, table, rows) for table, rows in tables)
    newer = billed_rows.rows(billed_rows.LAST, billed_rows.SEEN + 1)
    yield from (Landing(*landing) for landing in newer)
    for workspace, tables in (
        (buried_rows.WORKSPACE, buried_rows.tombstones()),
        (converted_rows.WORKSPACE, converted_rows.GONE),
        (moved_rows.UNLINKED, moved_rows.LINK_GONE),
    ):
        yield from (Landing(workspace, table, rows, 1) for table, rows in tables)
