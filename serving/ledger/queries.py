"""What does the API ask of the ledger? SQL constants with server-side parameters.

`known_at` is what the books said at a moment: entries that were recorded later are left out. All
others stay, reversals too, so sums are right at every moment (docs/ledger.md).

A page is read in the order of `fct_ledger_entries_by_time`'s key and stops there. Balances are sums
of `fct_ledger_days`, where both moments are the beginnings of days; else of the entries themselves.
"""

from functools import cache

from core.warehouse import TenantQuery
from serving.exporting import exports

_COLUMNS = (
    "journal_id", "connection_id", "revision", "is_reversal", "entry_number", "journal_type",
    "account_code", "account_id", "currency", "amount_minor", "debit_minor", "credit_minor",
    "effective_at", "recorded_at", "source_table", "source_id", "source_version",
)  # fmt: skip
# By filter, and only those that are given are asked: each takes ClickHouse longer to plan than to
# apply.
_CONDITIONS = {
    name: f"{name} = {{{name}:String}}"
    for name in ("account_code", "account_id", "currency", "journal_type", "connection_id",
                 "source_id")
} | {
    "since": "effective_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')",
    "until": "effective_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC')",
    "known_at": "recorded_at < fromUnixTimestamp64Micro({known_at:Int64}, 'UTC')",
}  # fmt: skip
# The same bounds as the index knows them: milliseconds to the epoch, newest first.
_INDEXED = {
    "since": "newest_first <= {since_first:Int64}",
    "until": "newest_first >= {until_first:Int64}",
    "cursor": "newest_first >= {after_first:Int64}",
}
_PLACE = "newest_first, journal_id, connection_id, revision, is_reversal, entry_number"
_AFTER = f"""({_PLACE}) > (
          {{after_first:Int64}}, {{after_journal:String}}, {{after_connection:String}},
          {{after_revision:UInt32}}, {{after_reversal:Bool}}, {{after_number:UInt16}})"""


@cache
def entries(given: frozenset[str]) -> TenantQuery:
    """Return the question for a page, by the filters that are given (and whether a cursor is)."""
    known = _CONDITIONS | {"cursor": _AFTER}
    wanted = [_INDEXED[name] for name in _INDEXED if name in given]
    wanted += [known[name] for name in known if name in given]
    return TenantQuery(
        f"""
    select {", ".join(_COLUMNS)}
    from marts.fct_ledger_entries_by_time final
    where {" and ".join(wanted) or "true"}
    order by workspace_id, {_PLACE}
    limit {{limit:UInt32}}
    """
    )


_WANTED = " and ".join(
    f"({{{name}:String}} = '' or {condition})" if name not in _INDEXED and name != "known_at"
    else condition
    for name, condition in _CONDITIONS.items()
)  # fmt: skip
ENTRIES_EXPORT = exports(
    f"""
        select workspace_id, {", ".join(_COLUMNS)}
        from marts.fct_ledger_entries final
        where {_WANTED}
        order by workspace_id, connection_id, journal_id, revision, is_reversal, entry_number
    """,
    _COLUMNS,
    no_texts=(
        "revision", "is_reversal", "entry_number", "amount_minor", "debit_minor", "credit_minor",
        "effective_at", "recorded_at", "source_version",
    ),
)  # fmt: skip
JOURNAL = TenantQuery(
    f"""
    select {", ".join(_COLUMNS)}
    from marts.fct_ledger_entries final
    where journal_id = {{id:String}}
      and ({{connection_id:String}} = '' or connection_id = {{connection_id:String}})
    order by connection_id, revision, is_reversal, entry_number
    """
)
_BALANCES = f"""
        select workspace_id, account_code, account_id, currency, sum(debit_minor) as debits_minor,
            sum(credit_minor) as credits_minor, sum(amount_minor) as balance_minor,
            max(effective_at) as moved_at
        from marts.fct_ledger_entries final
        where {_WANTED}
        group by workspace_id, account_code, account_id, currency
        order by account_code, account_id, currency
"""
_BALANCE_COLUMNS = (
    "account_code", "account_id", "currency", "debits_minor", "credits_minor", "balance_minor",
    "moved_at",
)  # fmt: skip
TRIAL_BALANCE_AT_MOMENTS = TenantQuery(
    f"with balances as ({_BALANCES}) select {', '.join(_BALANCE_COLUMNS)} from balances"
    " order by account_code, account_id, currency"
)
# What banks call their accounts, and the last digits of the number.
BANK_ACCOUNTS = TenantQuery(
    """
    select id, trim(concat(
        ifNull(any(coalesce(name, institution_name)), ''), ' ', ifNull(any(mask), ''))) as called
    from marts.dim_bank_accounts final
    group by id
    order by id
    """
)
# The workspace's names come along: its chart stands in Postgres.
_NAMED = ", ".join(
    f"transform(account_code, {{codes:Array(String)}}, {{{given}:Array(String)}}, {otherwise})"
    f" as {name}"
    for name, given, otherwise in (
        ("account_name", "names", "''"),
        ("account_type", "types", "'expense'"),
        ("number", "numbers", "account_code"),
    )
)
_CALLED = (
    "transform(account_id, {accounts:Array(String)}, {called:Array(String)}, '') as bank_account"
)
TRIAL_BALANCE_EXPORT = exports(
    _BALANCES.replace("account_code,", f"account_code, {_NAMED}, {_CALLED},", 1),
    ("account_code", "account_name", "account_type", "number", "account_id", "bank_account",
     *_BALANCE_COLUMNS[2:]),
    no_texts=("debits_minor", "credits_minor", "balance_minor", "moved_at"),
)  # fmt: skip
_OF_WHOLE_DAYS = _CONDITIONS | {
    "until": "effective_on < toDate32(fromUnixTimestamp64Micro({until:Int64}, 'UTC'))",
    "known_at": "recorded_on < toDate32(fromUnixTimestamp64Micro({known_at:Int64}, 'UTC'))",
}


@cache
def trial_balance(given: frozenset[str]) -> TenantQuery:
    """Return the question for balances at the beginning of days, by the filters that are given."""
    wanted = [_OF_WHOLE_DAYS[name] for name in _OF_WHOLE_DAYS if name in given]
    return TenantQuery(
        f"""
    select account_code, account_id, currency, sum(days.debits_minor) as debits_minor,
        sum(days.credits_minor) as credits_minor, sum(moved_minor) as balance_minor,
        max(days.moved_at) as moved_at
    from marts.fct_ledger_days as days final
    where {" and ".join(wanted) or "true"}
    group by account_code, account_id, currency
    order by account_code, account_id, currency
    """
    )


NEWEST = TenantQuery(
    """
    select workspace_id, sum(entries) as rows_held, max(days.newest_at) as newest_at,
        toString((rows_held, newest_at, sum(version))) as state
    from marts.fct_ledger_days as days
    group by workspace_id
    """
)
