"""What does the API ask of `unified.transactions`? SQL constants with server-side parameters.

Each optional filter compares with a neutral value ('' or the end of time), so one constant serves
every combination. FINAL collapses the replacing engine's versions: a row is seen once, in its
newest state, and not at all once the provider has removed it. Moments travel as microseconds since
the epoch: the client would cut a datetime parameter to whole seconds.
"""

from core.warehouse import TenantQuery

_COLUMNS = """
    id, provider, connection_id, account_id, type, status, amount_minor, currency, description,
    customer_id, counterparty, invoice_id, payment_id, parent_id, failure_code, decline_code,
    payment_method_type, occurred_at, posted_at,
    fromUnixTimestamp64Micro(toInt64(version), 'UTC') as state_at"""

PAGE = TenantQuery(
    f"""
    select {_COLUMNS}
    from unified.transactions final
    where ({{provider:String}} = '' or provider = {{provider:String}})
      and ({{status:String}} = '' or status = {{status:String}})
      and ({{type:String}} = '' or type = {{type:String}})
      and occurred_at >= fromUnixTimestamp64Micro({{since:Int64}}, 'UTC')
      and occurred_at < fromUnixTimestamp64Micro({{until:Int64}}, 'UTC')
      and (occurred_at, id, connection_id) < (
          fromUnixTimestamp64Micro({{after_at:Int64}}, 'UTC'),
          {{after_id:String}}, {{after_connection:String}})
    order by occurred_at desc, id desc, connection_id desc
    limit {{limit:UInt32}}
    """
)

NEWEST = TenantQuery(
    "select count() as rows_held, max(extracted_at) as newest_at from unified.transactions"
)
