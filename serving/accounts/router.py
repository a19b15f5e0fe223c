"""How are accounts read? `GET /v1/accounts`, all or one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.errors import NotFoundError
from serving.accounts import queries
from serving.auth.scope import AccountsRead
from serving.freshness import tell_freshness
from serving.pagination import (
    CursorText,
    Limit,
    Page,
    decode_position,
    encode_position,
    page_of,
)
from serving.responses import problems
from serving.singling import AmbiguousIdError, the_only_one
from serving.words import Id, Word

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])

_EXAMPLE: JsonDict = {
    "id": "stripe_balance",
    "provider": "stripe",
    "connection_id": "conn_demo",
    "name": "Stripe balance",
    "type": "processor_balance",
    "currency": None,
}


class Account(BaseModel):
    """A place where money lies."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str = Field(description="Unique in its connection")
    provider: str
    connection_id: str
    name: str | None
    type: str | None = Field(description="`processor_balance`, `depository`, `credit`, `loan`")
    currency: str | None = Field(description="Null where it holds several")


@router.get("", summary="List accounts", operation_id="list_accounts")
def get_accounts(
    scope: AccountsRead,
    provider: Annotated[Word | None, Query(examples=["stripe"])] = None,
    connection_id: Annotated[Id | None, Query()] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Account]:
    """List the workspace's accounts, by provider, connection and id."""
    place = ["", "", ""] if cursor is None else decode_position(cursor, str, str, str)
    tell_freshness(scope, queries.NEWEST)
    asked = {"provider": provider or "", "connection_id": connection_id or "", "limit": limit + 1}
    names = ("after_provider", "after_connection", "after_id")
    found = scope.rows(queries.PAGE, asked | dict(zip(names, place, strict=True)))
    return page_of(
        found,
        limit,
        lambda row: Account(**row),
        lambda row: encode_position(row["provider"], row["connection_id"], row["id"]),
    )


@router.get(
    "/{account_id}",
    summary="Get an account",
    operation_id="get_account",
    responses=problems(NotFoundError, AmbiguousIdError),
)
def get_account(
    scope: AccountsRead,
    account_id: Annotated[Id, Path(examples=["stripe_balance"])],
    connection_id: Annotated[Id | None, Query(description="Where the id is not unique")] = None,
) -> Account:
    """Show one account."""
    tell_freshness(scope, queries.NEWEST)
    found = scope.rows(queries.ONE, {"id": account_id, "connection_id": connection_id or ""})
    if not found:
        raise NotFoundError(
            f"There is no account {account_id}.",
            next_step="GET /v1/accounts lists those there are.",
        )
    return Account(**the_only_one(found, account_id))
