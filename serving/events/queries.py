"""What does the API ask of events? Of `raw.<provider>_event`, where every one is kept verbatim."""

from functools import cache
from typing import Literal, get_args

from core.warehouse import TenantQuery

Provider = Literal["stripe", "plaid", "teller", "quickbooks", "xero"]

_TYPES = {
    "stripe": "JSONExtractString(payload, 'type')",
    "teller": "JSONExtractString(payload, 'type')",
    "plaid": "concat(JSONExtractString(payload, 'webhook_type'), '.',"
    " JSONExtractString(payload, 'webhook_code'))",
}
_OBJECT = "JSONExtractString(payload, 'data', 'object', 'object')"
_OBJECT_ID = "JSONExtractString(payload, 'data', 'object', 'id')"
_WANTED = """
    ({connection_id:String} = '' or connection_id = {connection_id:String})
      and (empty({ids:Array(String)}) or has({ids:Array(String)}, id))
      and (empty({types:Array(String)}) or has({types:Array(String)}, type))
      and ({object_id:String} = '' or object_id = {object_id:String})
      and occurred_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
      and occurred_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC')"""


def _source(provider: str) -> str:
    if provider not in get_args(Provider):
        raise ValueError(f"{provider!r} sends no events")
    return f"""
        select id, connection_id, {_TYPES.get(provider, "''")} as type,
            {_OBJECT} as object, {_OBJECT_ID} as object_id, version, origin, extracted_at, payload,
            fromUnixTimestamp64Micro(toInt64(version), 'UTC') as occurred_at
        from raw.{provider}_event final"""


@cache
def page(provider: str) -> TenantQuery:
    """Return the query of a page of a provider's events, newest first, without payloads."""
    return TenantQuery(
        f"""
        select id, connection_id, type, object_id, origin, extracted_at as received_at, occurred_at
        from ({_source(provider)})
        where {_WANTED} and (occurred_at, id, connection_id) < (
            fromUnixTimestamp64Micro({{after_at:Int64}}, 'UTC'),
            {{after_id:String}}, {{after_connection:String}})
        order by occurred_at desc, id desc, connection_id desc
        limit {{limit:UInt32}}
        """
    )


@cache
def one(provider: str) -> TenantQuery:
    """Return the query of one event with its payload."""
    return TenantQuery(
        f"""
        select id, connection_id, type, object_id, origin, extracted_at as received_at,
            occurred_at, payload
        from ({_source(provider)})
        where id = {{id:String}}
          and ({{connection_id:String}} = '' or connection_id = {{connection_id:String}})
        order by connection_id limit 2
        """
    )


@cache
def counts(provider: str) -> TenantQuery:
    """Return the query of how many events and objects a replay would cover, by type."""
    return TenantQuery(
        f"""
        select type, count() as events, uniqExact(connection_id, object_id) as objects
        from ({_source(provider)}) where {_WANTED}
        group by type order by type
        """
    )


@cache
def payloads(provider: str) -> TenantQuery:
    """Return the query of the events that a replay covers, oldest first."""
    return TenantQuery(
        f"""
        select id, connection_id, payload
        from ({_source(provider)}) where {_WANTED}
        order by occurred_at, id limit {{limit:UInt32}}
        """
    )


@cache
def states(provider: str) -> TenantQuery:
    """Return the query of each object's newest state among the events that a replay covers."""
    return TenantQuery(
        f"""
        select connection_id, object, object_id as id, max(version) as newest_version,
            argMax(tuple(type, payload), tuple(version, type like '%.deleted')) as newest
        from ({_source(provider)}) where {_WANTED} and object_id != ''
        group by connection_id, object, object_id
        order by connection_id, object, object_id limit {{limit:UInt32}}
        """
    )


KEEP_REPLAY = """
insert into replays (workspace_id, id, provider, target, filters, events, objects, created_at)
values (%(workspace_id)s, %(id)s, %(provider)s, %(target)s, %(filters)s, %(events)s, %(objects)s,
    %(now)s)
"""
KEEP_STATES = """
insert into shadow_objects
    (workspace_id, replay_id, connection_id, object, id, version, is_deleted, payload)
select %(workspace_id)s, %(replay_id)s, c, o, i, v, d, p
from unnest(%(connections)s::text[], %(objects)s::text[], %(ids)s::text[], %(versions)s::bigint[],
    %(deletions)s::boolean[], %(payloads)s::text[]) as s (c, o, i, v, d, p)
"""
REPLAY = "select id, provider, target, events, objects, created_at from replays where id = %s"
SHADOW = """
select connection_id, object, id, version, is_deleted, payload
from shadow_objects
where replay_id = %(replay_id)s
  and (connection_id, object, id) > (%(after_connection)s, %(after_object)s, %(after_id)s)
order by connection_id, object, id limit %(limit)s
"""
