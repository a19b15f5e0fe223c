"""How does a workspace have a chart of accounts of its own?"""

from typing import Annotated

from fastapi import APIRouter, Path

from core.errors import ConflictError, InvalidInputError, NotFoundError
from serving.auth.scope import LedgerRead, LedgerWrite
from serving.ledger import charts
from serving.ledger.chart_schemas import AccountOfLedger, AccountRequest
from serving.pagination import Collection
from serving.responses import problems

router = APIRouter(prefix="/v1/ledger", tags=["chart of accounts"])
Code = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$", examples=["1100", "own_6855"])
]


@router.get("/accounts", summary="Chart of accounts", operation_id="list_ledger_accounts")
def get_accounts(scope: LedgerRead) -> Collection[AccountOfLedger]:
    """List the workspace's chart: the standard accounts as it calls them, and its own."""
    with scope.transaction() as rows:
        return Collection(data=charts.chart_of(rows))


@router.put(
    "/accounts/{code}",
    summary="Change or add an account",
    operation_id="put_ledger_account",
    responses=problems(ConflictError, InvalidInputError),
)
def put_account(scope: LedgerWrite, code: Code, request: AccountRequest) -> AccountOfLedger:
    """Give a standard account another number or name, or make one of the workspace's own."""
    with scope.transaction() as rows:
        return charts.put_account(scope, rows, code, request)


@router.delete(
    "/accounts/{code}",
    summary="Undo or remove an account",
    operation_id="delete_ledger_account",
    responses=problems(NotFoundError),
)
def delete_account(scope: LedgerWrite, code: Code) -> AccountOfLedger:
    """Make a standard account what it was, or remove one of the workspace's own."""
    with scope.transaction() as rows:
        return charts.delete_account(scope, rows, code)
