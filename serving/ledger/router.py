"""How is the ledger read? Entries and journals, and the balances of accounts."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from core.errors import NotFoundError
from serving.auth.scope import LedgerExport, LedgerRead
from serving.ledger import queries
from serving.ledger.filters import BalanceFilters, BalancesExport, EntriesExport, EntriesPage
from serving.ledger.listing import (
    get_journal_of,
    list_entries,
    names_of_accounts,
    trial_balance_of,
)
from serving.ledger.schemas import Journal, LedgerEntry, TrialBalance
from serving.list_and_file import Listed, add_list_and_file
from serving.pagination import Page
from serving.responses import problems
from serving.singling import AmbiguousIdError
from serving.words import Id

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])


_LISTS = (
    Listed(
        path="/entries",
        summary="List ledger entries",
        operation="list_ledger_entries",
        description="List debits and credits, newest fact first; `known_at` for what was known at"
        " a moment.",
        page=EntriesPage,
        answer=Page[LedgerEntry],
        give=list_entries,
        file_summary="Export ledger entries",
        file_operation="export_ledger_entries",
        file_description="Stream every entry that fits the filters, journal by journal, as CSV or"
        " Parquet.",
        file=EntriesExport,
        queries=queries.ENTRIES_EXPORT,
        file_name="ledger_entries",
    ),
    Listed(
        path="/trial_balance",
        summary="Trial balance",
        operation="get_trial_balance",
        description="Show every account's balance at a moment, as it is known now or was known at"
        " another.",
        page=BalanceFilters,
        answer=TrialBalance,
        give=trial_balance_of,
        file_summary="Export the trial balance",
        file_operation="export_trial_balance",
        file_description="Stream the balances of all accounts, under the workspace's own names,"
        " as CSV or Parquet.",
        file=BalancesExport,
        queries=queries.TRIAL_BALANCE_EXPORT,
        file_name="trial_balance",
        known=names_of_accounts,
    ),
)
for listed in _LISTS:
    add_list_and_file(router, listed, read=LedgerRead, take=LedgerExport)


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
