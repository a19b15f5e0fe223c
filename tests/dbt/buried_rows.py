"""Which objects are there when the marts are first built, and gone before they run again?

The accountant's facts and those that land late, in a workspace of their own: an audit's repair has
found that the provider does not know any of them any more.
"""

from tests.dbt import late_rows, ledger_facts

WORKSPACE = "ws_buried"


def rows() -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Return (raw table, rows) of the objects."""
    late = late_rows.rows(late_rows.FIRST) + late_rows.rows(late_rows.LAST)
    return [*ledger_facts.rows(), *late]


def tombstones() -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Return (raw table, rows) that bury them, with what was last known of each."""
    return [
        (table, [(name, version + 1, payload) for name, version, payload in found])
        for table, found in rows()
    ]
