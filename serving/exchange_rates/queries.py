"""What is asked of exchange rates? Of Postgres those that were told, of ClickHouse those seen."""

from core.warehouse import TenantQuery

_COLUMNS = "base_currency, quote_currency, day, rate"

TOLD = f"select {_COLUMNS} from exchange_rates order by {_COLUMNS}"
# As bytes, which is how ClickHouse orders: two lists are merged into one.
PAGE_TOLD = f"""
select {_COLUMNS} from exchange_rates
where (base_currency collate "C", quote_currency collate "C", day::text collate "C",
    %(told)s::text collate "C") > (%(base)s, %(quote)s, %(day)s, %(source)s)
order by base_currency collate "C", quote_currency collate "C", day limit %(limit)s
"""
TELL = f"""
insert into exchange_rates (workspace_id, {_COLUMNS}, told_at)
values (%(workspace_id)s, %(base_currency)s, %(quote_currency)s, %(day)s, %(rate)s, %(now)s)
on conflict (workspace_id, base_currency, quote_currency, day)
do update set rate = excluded.rate, told_at = excluded.told_at
"""
# A pair and day that is told twice in one go is one rate.
KNOWN = """
select distinct base_currency, quote_currency, day, rate from exchange_rates
join unnest(%(bases)s::text[], %(quotes)s::text[], %(days)s::date[])
    as asked (base_currency, quote_currency, day) using (base_currency, quote_currency, day)
"""
FORGET = """
delete from exchange_rates
where base_currency = %(base_currency)s and quote_currency = %(quote_currency)s and day = %(day)s
"""
COUNT = "select count(*) as told from exchange_rates"

OBSERVED_TABLE = "marts.fct_exchange_rates"
_OBSERVED = """
    select base_currency, quote_currency, day, argMax(rate, (converted_at, connection_id)) as rate,
        argMax(source, (converted_at, connection_id)) as source,
        argMax(source_id, (converted_at, connection_id)) as source_id
    from marts.fct_exchange_rates final
    group by base_currency, quote_currency, day
    {page}
    order by base_currency, quote_currency, day
"""
OBSERVED = TenantQuery(_OBSERVED.format(page=""))
PAGE_OBSERVED = TenantQuery(
    _OBSERVED.format(
        page="""
    having (base_currency, quote_currency, toString(day), source)
        > ({base:String}, {quote:String}, {day:String}, {source:String})"""
    )
    + "limit {limit:UInt32}"
)
