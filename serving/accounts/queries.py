"""What does the API ask of `unified.accounts`?"""

from core.warehouse import TenantQuery

_COLUMNS = "id, provider, connection_id, name, type, currency"

PAGE = TenantQuery(
    f"""
    select {_COLUMNS}
    from unified.accounts final
    where ({{provider:String}} = '' or provider = {{provider:String}})
      and ({{connection_id:String}} = '' or connection_id = {{connection_id:String}})
      and (provider, connection_id, id) > (
          {{after_provider:String}}, {{after_connection:String}}, {{after_id:String}})
    order by provider, connection_id, id
    limit {{limit:UInt32}}
    """
)
ONE = TenantQuery(
    f"""
    select {_COLUMNS}
    from unified.accounts final
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
    from unified.accounts
    """
)
