"""What does the API ask of the reconciliation? SQL constants with server-side parameters."""

from functools import cache

from core.warehouse import TenantQuery
from serving.exporting import Format, exports

_COLUMNS = (
    "id", "connection_id", "account_id", "happened_on", "currency", "amount_minor", "verdict",
    "bank_verdict", "books_verdict", "is_unmatched", "reason", "confidence", "difference_minor",
    "payouts", "deposits", "entries", "reconciled_at",
)  # fmt: skip
_TEXTS = ("id", "connection_id", "account_id", "reason")
_LISTS = ("payouts", "deposits", "entries")
_CONDITIONS = {
    name: f"{name} = {{{name}:String}}"
    for name in ("verdict", "bank_verdict", "books_verdict", "connection_id", "currency")
} | {
    "unmatched": "is_unmatched = ({unmatched:String} = 'yes')",
    "since": "happened_on >= {since:Date32}",
    "until": "happened_on < {until:Date32}",
}
_WANTED = " and ".join(
    condition if name in ("since", "until") else f"({{{name}:String}} = '' or {condition})"
    for name, condition in _CONDITIONS.items()
)
_AFTER = """(happened_on, id, connection_id, account_id) < (
              {after_on:Date32}, {after_id:String}, {after_connection:String},
              {after_account:String})"""


@cache
def page(kind: str, given: frozenset[str]) -> TenantQuery:
    """Return the question for a page, by the filters that are given (and whether a cursor is).

    What is not given is not asked: planning it takes longer than reading the rows.
    """
    known = _CONDITIONS | {"cursor": _AFTER}
    wanted = [known[name] for name in known if name in given]
    return TenantQuery(
        f"""
        select {", ".join(_COLUMNS)}
        from marts.{TABLES[kind]} final
        where {" and ".join(wanted) or "true"}
        order by happened_on desc, id desc, connection_id desc, account_id desc
        limit {{limit:UInt32}}
        """
    )


def _export(table: str) -> dict[Format, TenantQuery]:
    return exports(
        f"""
            select workspace_id, {", ".join(_COLUMNS)}
            from marts.{table} final
            where {_WANTED}
            order by workspace_id, connection_id, id, account_id
        """,
        _COLUMNS,
        no_texts=[name for name in _COLUMNS if name not in _TEXTS],
        lists=_LISTS,
    )


def _one(table: str) -> TenantQuery:
    return TenantQuery(
        f"""
        select {", ".join(_COLUMNS)}
        from marts.{table} final
        where id = {{id:String}}
          and ({{connection_id:String}} = '' or connection_id = {{connection_id:String}})
        order by connection_id, account_id
        limit 2
        """
    )


TABLES = {
    "payouts": "fct_payout_reconciliation",
    "deposits": "fct_deposit_reconciliation",
    "entries": "fct_entry_reconciliation",
}
EXPORTS = {kind: _export(table) for kind, table in TABLES.items()}
PAYOUT = _one(TABLES["payouts"])
NEWEST = {
    kind: TenantQuery(
        f"""
        select workspace_id, count() as rows_held, max(reconciled_at) as newest_at,
            toString((count(), newest_at, sum(version))) as state
        from marts.{table}
        group by workspace_id
        """
    )
    for kind, table in TABLES.items()
}
# What a payout was made of.
LINES = TenantQuery(
    """
    select category, currency, count() as lines, sum(amount_minor) as amount_minor,
        sum(fee_minor) as fee_minor, sum(net_minor) as net_minor
    from marts.int_reconciliation__payout_lines final
    where connection_id = {connection_id:String} and payout_id = {id:String}
    group by category, currency
    order by category, currency
    """
)
DEPOSITS = TenantQuery(
    """
    select id, connection_id, account_id, booked_on, amount_minor, currency, description
    from unified.transactions final
    where id in {ids:Array(String)}
    order by booked_on, id
    """
)
ENTRIES = TenantQuery(
    """
    select id, connection_id, provider, type, number, issued_on, currency, description
    from unified.accounting_documents final
    where id in {ids:Array(String)}
    order by issued_on, id
    """
)
# Whether a thing of a decision is there.
KNOWN_PAYOUT = TenantQuery(
    """
    select count() as found from unified.payouts final
    where id = {id:String} and connection_id = {connection_id:String}
    """
)
KNOWN_OTHER = {
    "deposit": TenantQuery(
        """
        select count() as found from unified.transactions final
        where id = {id:String} and connection_id = {connection_id:String}
          and provider != 'stripe' and status = 'succeeded'
        """
    ),
    "entry": TenantQuery(
        """
        select count() as found from unified.accounting_documents final
        where id = {id:String} and connection_id = {connection_id:String}
        """
    ),
}

DECISIONS = """
select id, kind, payout_connection_id, payout_id, connection_id, other_id, account_id, is_confirmed,
    note, decided_by, decided_at
from reconciliation_decisions
where (decided_at, id) < (%(after_at)s, %(after_id)s)
    and (%(payout_id)s = '' or payout_id = %(payout_id)s)
order by decided_at desc, id desc limit %(limit)s
"""
DECIDE = """
insert into reconciliation_decisions (workspace_id, id, kind, payout_connection_id, payout_id,
    connection_id, other_id, account_id, is_confirmed, note, decided_by, decided_at)
values (%(workspace_id)s, %(id)s, %(kind)s, %(payout_connection_id)s, %(payout_id)s,
    %(connection_id)s, %(other_id)s, %(account_id)s, %(is_confirmed)s, %(note)s, %(decided_by)s,
    %(now)s)
on conflict (workspace_id, kind, payout_connection_id, payout_id, connection_id, other_id,
    account_id)
do update set is_confirmed = excluded.is_confirmed, note = excluded.note,
    decided_by = excluded.decided_by, decided_at = excluded.decided_at
returning id, kind, payout_connection_id, payout_id, connection_id, other_id, account_id,
    is_confirmed, note, decided_by, decided_at
"""
UNDO = """
delete from reconciliation_decisions where id = %s
returning id, kind, payout_connection_id, payout_id, connection_id, other_id, account_id,
    is_confirmed, note, decided_by, decided_at
"""
