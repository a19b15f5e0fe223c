"""What does the API ask of the ledger? SQL constants with server-side parameters.

`known_at` is what the books said at a moment: entries that were recorded later are left out. All
others stay, reversals too, so sums are right at every moment (docs/ledger.md).
"""

from core.warehouse import TenantQuery
from serving.exporting import exports

_COLUMNS = (
    "journal_id", "connection_id", "revision", "is_reversal", "entry_number", "journal_type",
    "account_code", "account_id", "currency", "amount_minor", "debit_minor", "credit_minor",
    "effective_at", "recorded_at", "source_table", "source_id", "source_version",
)  # fmt: skip
_WANTED = """
    ({account_code:String} = '' or account_code = {account_code:String})
      and ({account_id:String} = '' or account_id = {account_id:String})
      and ({currency:String} = '' or currency = {currency:String})
      and ({journal_type:String} = '' or journal_type = {journal_type:String})
      and ({connection_id:String} = '' or connection_id = {connection_id:String})
      and ({source_id:String} = '' or source_id = {source_id:String})
      and effective_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
      and effective_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
      and recorded_at < fromUnixTimestamp64Micro({known_at:Int64}, 'UTC')"""
_PLACE = "(effective_at, journal_id, connection_id, revision, is_reversal, entry_number)"
_AFTER = """(
          fromUnixTimestamp64Micro({after_at:Int64}, 'UTC'), {after_journal:String},
          {after_connection:String}, {after_revision:UInt32}, {after_reversal:Bool},
          {after_number:UInt16})"""

ENTRIES = TenantQuery(
    f"""
    select {", ".join(_COLUMNS)}
    from marts.fct_ledger_entries final
    where {_WANTED} and ({{is_first:Bool}} or {_PLACE} < {_AFTER})
    order by effective_at desc, journal_id desc, connection_id desc, revision desc,
        is_reversal desc, entry_number desc
    limit {{limit:UInt32}}
    """
)
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
TRIAL_BALANCE = TenantQuery(
    f"with balances as ({_BALANCES}) select {', '.join(_BALANCE_COLUMNS)} from balances"
    " order by account_code, account_id, currency"
)
TRIAL_BALANCE_EXPORT = exports(
    _BALANCES, _BALANCE_COLUMNS,
    no_texts=("debits_minor", "credits_minor", "balance_minor", "moved_at"),
)  # fmt: skip
NEWEST = TenantQuery(
    """
    select count() as rows_held, max(recorded_at) as newest_at,
        toString((count(), newest_at, sum(version))) as state
    from marts.fct_ledger_entries
    """
)
