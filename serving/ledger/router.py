"""How is the ledger read? Entries and journals, and the balances of accounts."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from core.errors import NotFoundError
from serving.auth.scope import LedgerExport, LedgerRead
from serving.exporting import ANSWERS, export
from serving.ledger import queries
from serving.ledger.filters import BalanceFilters, BalancesExport, EntriesExport, EntriesPage
from serving.ledger.listing import get_journal_of, list_entries, trial_balance_of
from serving.ledger.schemas import Journal, LedgerEntry, TrialBalance
from serving.pagination import Page
from serving.responses import problems
from serving.singling import AmbiguousIdError
from serving.words import Id

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])


@router.get("/entries", summary="List ledger entries", operation_id="list_ledger_entries")
def get_entries(scope: LedgerRead, query: Annotated[EntriesPage, Query()]) -> Page[LedgerEntry]:
    """List debits and credits, newest fact first; `known_at` for what was known at a moment."""
    return list_entries(scope, query)


@router.get(
    "/entries/export",
    summary="Export ledger entries",
    operation_id="export_ledger_entries",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
def export_entries(
    scope: LedgerExport, query: Annotated[EntriesExport, Query()]
) -> StreamingResponse:
    """Stream every entry that fits the filters, journal by journal, as CSV or Parquet."""
    return export(scope, queries.ENTRIES_EXPORT, query.parameters(), query.format, "ledger_entries")


@router.get(
    "/journals/{journal_id}",
    summary="Get a journal",
    operation_id="get_journal",
    responses=problems(NotFoundError, AmbiguousIdError),
)
def get_journal(
    scope: LedgerRead,
    journal_id: Annotated[Id, Path(examples=["balance:txn_1PqXk2Eexample"])],
    connection_id: Annotated[Id | None, Query(description="Where the id is not unique")] = None,
) -> Journal:
    """Show one journal with every writing and reversal, and the provider's objects behind it."""
    return get_journal_of(scope, journal_id, connection_id)


@router.get("/trial_balance", summary="Trial balance", operation_id="get_trial_balance")
def get_trial_balance(scope: LedgerRead, query: Annotated[BalanceFilters, Query()]) -> TrialBalance:
    """Show every account's balance at a moment, as it is known now or was known at another."""
    return trial_balance_of(scope, query)


@router.get(
    "/trial_balance/export",
    summary="Export the trial balance",
    operation_id="export_trial_balance",
    response_class=StreamingResponse,
    responses=ANSWERS,
)
def export_trial_balance(
    scope: LedgerExport, query: Annotated[BalancesExport, Query()]
) -> StreamingResponse:
    """Stream the balances of all accounts as CSV or Parquet."""
    return export(
        scope, queries.TRIAL_BALANCE_EXPORT, query.parameters(), query.format, "trial_balance"
    )
