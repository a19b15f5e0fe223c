"""How are transactions read? Listed newest first, page by page, or one with its lineage."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response
from fastapi.responses import StreamingResponse

from core.errors import NotFoundError
from serving.auth.scope import TransactionsExport, TransactionsRead
from serving.caching import NOT_MODIFIED
from serving.exporting import ANSWERS, export
from serving.responses import problems
from serving.singling import AmbiguousIdError
from serving.transactions import listing, queries
from serving.transactions.exporting import ExportFilters
from serving.transactions.filters import TransactionsPage
from serving.transactions.schemas import TransactionsAnswer, TransactionWithLineage
from serving.words import Id

router = APIRouter(prefix="/v1/transactions", tags=["transactions"])


@router.get(
    "",
    summary="List transactions",
    operation_id="list_transactions",
    response_model=TransactionsAnswer,
    responses=NOT_MODIFIED,
)
def get_transactions(
    scope: TransactionsRead,
    query: Annotated[TransactionsPage, Query()],
    body: Annotated[
        TransactionsPage | None,
        Body(description="The same filters as JSON; the query string goes before it"),
    ] = None,
) -> Response:
    """List the workspace's transactions, newest first unless `sort` says otherwise.

    Pages are stable: rows that arrive while a list is walked neither repeat nor hide others. By
    `amount` this holds for rows whose amount does not change meanwhile.
    """
    return listing.list_transactions(scope, query.over(body))


@router.get(
    "/export",
    summary="Export transactions",
    operation_id="export_transactions",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
def export_transactions(
    scope: TransactionsExport, query: Annotated[ExportFilters, Query()]
) -> StreamingResponse:
    """Stream every transaction that fits the filters, by connection and id, as CSV or Parquet."""
    return export(scope, queries.EXPORTS, query.parameters(), query.format, "transactions")


@router.get(
    "/{transaction_id}",
    summary="Get a transaction",
    operation_id="get_transaction",
    responses=problems(NotFoundError, AmbiguousIdError),
)
def get_transaction(
    scope: TransactionsRead,
    transaction_id: Annotated[Id, Path(examples=["ch_3PqXk2Eexample"])],
    connection_id: Annotated[Id | None, Query(description="Where the id is not unique")] = None,
) -> TransactionWithLineage:
    """Show one transaction and its lineage: the provider's own objects, byte for byte."""
    return listing.get_transaction(scope, transaction_id, connection_id)
