"""Where does a row come from? The provider's own objects behind it, byte for byte, from raw."""

import re
from datetime import datetime
from functools import cache

from pydantic import BaseModel, Field

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope

SHOWN_STATES = 20


class RawState(BaseModel):
    """One state of the raw object, as it landed."""

    state_at: datetime = Field(description="When the provider held it")
    origin: str = Field(description="`backfill`, `poll`, `webhook` or `replay`")
    extracted_at: datetime = Field(description="When we fetched or received it")
    is_deleted: bool
    payload: str = Field(description="The provider's JSON, byte for byte")


class Lineage(BaseModel):
    """Where a transaction comes from."""

    source_table: str = Field(examples=["raw.stripe_charge"])
    source_id: str = Field(examples=["ch_3PqXk2Eexample"])
    states: list[RawState] = Field(description="What is kept of it in raw, newest first")


def lineage_of(
    scope: TenantScope, source_table: str, source_id: str, connection_id: str
) -> Lineage:
    """Return what is kept of the raw object that a row names."""
    asked = {"id": source_id, "connection_id": connection_id, "limit": SHOWN_STATES}
    states = scope.rows(raw_states(source_table), asked)
    return Lineage(
        source_table=source_table, source_id=source_id, states=[RawState(**s) for s in states]
    )


_RAW_TABLE = re.compile(r"raw\.[a-z][a-z0-9_]*")


@cache
def raw_states(source_table: str) -> TenantQuery:
    """Return the query of a raw object's states; its table is a row's own word, never a caller's.

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
