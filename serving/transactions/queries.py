"""What does the API ask of `unified.transactions`? SQL constants with server-side parameters.

Each optional filter compares with a neutral value ('' or the widest bound), so one constant serves
every combination. FINAL collapses the replacing engine's versions: a row is seen once, in its
newest state, and not at all once the provider has removed it. Moments travel as microseconds since
the epoch: the client would cut a datetime parameter to whole seconds.
"""

import re
from functools import cache

from core.warehouse import TenantQuery

_COLUMNS = """
    id, provider, connection_id, account_id, type, status, amount_minor, currency, description,
    customer_id, counterparty, invoice_id, payment_id, parent_id, failure_code, decline_code,
    payment_method_type, occurred_at, posted_at,
    fromUnixTimestamp64Micro(toInt64(version), 'UTC') as state_at"""

_WANTED = """
    ({provider:String} = '' or provider = {provider:String})
      and ({status:String} = '' or status = {status:String})
      and ({type:String} = '' or type = {type:String})
      and ({connection_id:String} = '' or connection_id = {connection_id:String})
      and ({account_id:String} = '' or account_id = {account_id:String})
      and ({customer_id:String} = '' or customer_id = {customer_id:String})
      and ({currency:String} = '' or currency = {currency:String})
      and amount_minor between {amount_from:Int64} and {amount_to:Int64}
      and ({search:String} = '' or positionCaseInsensitiveUTF8(
          concat(id, '\\n', ifNull(description, ''), '\\n', ifNull(counterparty, '')),
          {search:String}) > 0)
      and occurred_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
      and occurred_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
      and ({pending:String} = ''
        or (status in ('pending', 'authorized')) = ({pending:String} = 'yes'))"""

PAGE = TenantQuery(
    f"""
    select {_COLUMNS}
    from unified.transactions final
    where {_WANTED}
      and (occurred_at, id, connection_id) < (
          fromUnixTimestamp64Micro({{after_at:Int64}}, 'UTC'),
          {{after_id:String}}, {{after_connection:String}})
    order by occurred_at desc, id desc, connection_id desc
    limit {{limit:UInt32}}
    """
)

# In the table's own order: ClickHouse then streams it without sorting.
EXPORT = TenantQuery(
    f"""
    select id, provider, connection_id, account_id, type, status, amount_minor, currency,
        description, customer_id, counterparty, invoice_id, payment_id, parent_id, failure_code,
        decline_code, payment_method_type, occurred_at, posted_at
    from unified.transactions final
    where {_WANTED}
    order by workspace_id, connection_id, id
    """
)

ONE = TenantQuery(
    f"""
    select {_COLUMNS}, source_table, source_id
    from unified.transactions final
    where id = {{id:String}}
      and ({{connection_id:String}} = '' or connection_id = {{connection_id:String}})
    order by connection_id
    limit 2
    """
)

NEWEST = TenantQuery(
    """
    select count() as rows_held, max(extracted_at) as newest_at,
        toString((count(), max(landed_at), sum(version))) as state
    from unified.transactions
    """
)

_RAW_TABLE = re.compile(r"raw\.[a-z][a-z0-9_]*")


@cache
def raw_states(source_table: str) -> TenantQuery:
    """Return the query of a raw object's states; the table comes from unified, never a caller.

    Raises:
        ValueError: The text is not the name of a raw table.
    """
    if not _RAW_TABLE.fullmatch(source_table):
        raise ValueError(f"{source_table!r} is not a raw table")
    return TenantQuery(
        f"""
        select fromUnixTimestamp64Micro(toInt64(version), 'UTC') as state_at, origin,
            extracted_at, toBool(is_deleted) as is_deleted, payload
        from {source_table}
        where id = {{id:String}} and connection_id = {{connection_id:String}}
        order by version desc, extracted_at desc
        limit {{limit:UInt32}}
        """
    )
