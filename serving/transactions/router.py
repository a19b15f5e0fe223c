"""How are transactions read? `GET /v1/transactions`, newest first, page by page."""

from typing import Annotated

from fastapi import APIRouter, Query

from serving.auth.scope import TransactionsRead
from serving.pagination import CursorText, Limit, Page
from serving.times import Moment
from serving.transactions.listing import Filters, list_transactions
from serving.transactions.schemas import Transaction
from serving.words import Word

router = APIRouter(prefix="/v1/transactions", tags=["transactions"])


@router.get("", summary="List transactions", operation_id="list_transactions")
def get_transactions(
    scope: TransactionsRead,
    provider: Annotated[Word | None, Query(examples=["stripe"])] = None,
    status: Annotated[Word | None, Query(examples=["failed"])] = None,
    type: Annotated[Word | None, Query(examples=["charge"])] = None,
    since: Annotated[Moment | None, Query(description="From this moment on, inclusive")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment")] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Transaction]:
    """List the workspace's transactions, newest first.

    Pages are stable: rows that arrive while a list is walked neither repeat nor hide others.
    """
    filters = Filters(provider=provider, status=status, type=type, since=since, until=until)
    return list_transactions(scope, filters, limit=limit, cursor=cursor)
