"""What does the API ask of `unified.transactions`? SQL constants with server-side parameters.

Each optional filter compares with a neutral value ('' or the widest bound), so one constant serves
every combination. FINAL collapses the replacing engine's versions: a row is seen once, in its
newest state, and not at all once the provider has removed it. Moments travel as microseconds since
the epoch: the client would cut a datetime parameter to whole seconds.
"""

from core.warehouse import TenantQuery
from serving.exporting import exports

_COLUMNS = """
    id, provider, connection_id, account_id, type, status, amount_minor, currency,
    original_amount_minor, original_currency, balance_after_minor, description, customer_id,
    counterparty, counterparty_account, reference, merchant_category_code, provider_category,
    invoice_id, payment_id, parent_id, pending_id, failure_code, decline_code,
    payment_method_type, occurred_at, booked_on, posted_at,
    fromUnixTimestamp64Micro(toInt64(version), 'UTC') as state_at"""

_CATEGORY = """
      and ({category:String} = ''
        or lowerUTF8(ifNull(provider_category, '')) = lowerUTF8({category:String}))"""
_WANTED = (
    """
    ({provider:String} = '' or provider = {provider:String})
      and ({status:String} = '' or status = {status:String})
      and ({type:String} = '' or type = {type:String})
      and ({connection_id:String} = '' or connection_id = {connection_id:String})
      and ({account_id:String} = '' or account_id = {account_id:String})
      and ({customer_id:String} = '' or customer_id = {customer_id:String})
      and ({currency:String} = '' or currency = {currency:String})"""
    + _CATEGORY
    + """
      and amount_minor between {amount_from:Int64} and {amount_to:Int64}
      and ({search:String} = '' or positionCaseInsensitiveUTF8(
          concat(id, '\\n', ifNull(description, ''), '\\n', ifNull(counterparty, '')),
          {search:String}) > 0)
      and occurred_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
      and occurred_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
      and ({pending:String} = ''
        or (status in ('pending', 'authorized')) = ({pending:String} = 'yes'))"""
)


# Of a category: what the provider says, or what enrichment found (a group of the taxonomy holds
# its members), but where a user's correction says otherwise since.
_OF_CATEGORY = """
      and (lowerUTF8(ifNull(provider_category, '')) = lowerUTF8({category:String})
        or (connection_id, id) in (
          select connection_id, transaction_id from unified.enrichments final
          where facet = 'category' and (
            like_key in {keys_of_category:Array(String)}
            or (like_key not in {corrected_keys:Array(String)}
              and (value = lowerUTF8({category:String})
                or startsWith(ifNull(value, ''), concat(lowerUTF8({category:String}), '.')))))))"""


def _page(key: str, direction: str, *, by_finding: bool = False) -> TenantQuery:
    """Return the query of a page in an order that no two rows share."""
    wanted = _WANTED if not by_finding else _WANTED.replace(_CATEGORY, _OF_CATEGORY)
    comparison, after = (
        {
            "occurred_at": "fromUnixTimestamp64Micro({after_value:Int64}, 'UTC')",
            "amount_minor": "{after_value:Int64}",
        }[key],
        {"desc": "<", "asc": ">"}[direction],
    )
    return TenantQuery(
        f"""
        select {_COLUMNS}
        from unified.transactions final
        where {wanted}
          and ({{is_first:Bool}} or ({key}, id, connection_id) {after} (
              {comparison}, {{after_id:String}}, {{after_connection:String}}))
        order by {key} {direction}, id {direction}, connection_id {direction}
        limit {{limit:UInt32}}
        """
    )


# The newest first are read another way: serving.transactions.newest.
PAGES = {
    "occurred_at": _page("occurred_at", "asc"),
    "-amount": _page("amount_minor", "desc"),
    "amount": _page("amount_minor", "asc"),
}


# Where a category is asked for and enrichment has found some.
PAGES_OF_CATEGORY = {
    "-occurred_at": _page("occurred_at", "desc", by_finding=True),
    "occurred_at": _page("occurred_at", "asc", by_finding=True),
    "-amount": _page("amount_minor", "desc", by_finding=True),
    "amount": _page("amount_minor", "asc", by_finding=True),
}


_EXPORTED = (
    "id", "provider", "connection_id", "account_id", "type", "status", "amount_minor", "currency",
    "original_amount_minor", "original_currency", "description", "customer_id", "counterparty",
    "counterparty_account", "reference", "merchant_category_code", "provider_category",
    "invoice_id", "payment_id", "parent_id", "failure_code", "decline_code",
    "payment_method_type", "occurred_at", "booked_on", "posted_at",
)  # fmt: skip
_NO_TEXTS = ("amount_minor", "original_amount_minor", "occurred_at", "booked_on", "posted_at")


# In the table's own order, which ClickHouse streams without sorting.
EXPORTS = exports(
    f"""
        select workspace_id, {", ".join(_EXPORTED)}
        from unified.transactions final
        where {_WANTED}
        order by workspace_id, connection_id, id
    """,
    _EXPORTED,
    no_texts=_NO_TEXTS,
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
