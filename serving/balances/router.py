"""How are balances read? `GET /v1/balances` at a moment, `/v1/balances/history` day by day."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from core.clock import epoch_microseconds, utc_now
from core.errors import InvalidInputError
from serving.auth.scope import AccountsRead
from serving.balances import queries
from serving.balances.history import (
    ledger_balances,
    ledger_histories,
    reported_balances,
    reported_histories,
)
from serving.balances.schemas import Balance, BalanceHistory
from serving.freshness import tell_freshness
from serving.pagination import Collection
from serving.times import Day, Moment, refuse_turned_round
from serving.words import Currency, Id

router = APIRouter(prefix="/v1/balances", tags=["balances"])

MAXIMUM_DAYS = 1_000
AccountId = Annotated[Id | None, Query(examples=["stripe_balance"])]
ConnectionId = Annotated[Id | None, Query()]
CurrencyCode = Annotated[Currency | None, Query(examples=["EUR"])]


@router.get("", summary="List balances", operation_id="list_balances")
def get_balances(
    scope: AccountsRead,
    account_id: AccountId = None,
    connection_id: ConnectionId = None,
    currency: CurrencyCode = None,
    at: Annotated[Moment | None, Query(description="Default: now")] = None,
) -> Collection[Balance]:
    """Show what each account holds, per currency, now or at another moment.

    Processors' balances are the sums of their booking lines; banks' are what they reported last.
    """
    tell_freshness(scope, queries.NEWEST)
    moment = at or utc_now()
    asked = _asked(account_id, connection_id, currency) | {"at": epoch_microseconds(moment)}
    return Collection(
        data=[
            *ledger_balances(scope.rows(queries.AT, asked), moment),
            *reported_balances(scope.rows(queries.REPORTED, asked), moment),
        ]
    )


@router.get("/history", summary="Balances by day", operation_id="list_balance_history")
def get_history(
    scope: AccountsRead,
    since: Annotated[Day, Query(description="First day", examples=["2024-05-01"])],
    until: Annotated[
        Day | None, Query(description="Day after the last; default: tomorrow, so that today is in")
    ] = None,
    account_id: AccountId = None,
    connection_id: ConnectionId = None,
    currency: CurrencyCode = None,
) -> Collection[BalanceHistory]:
    """Show what each account held at the end of each day (UTC), per currency."""
    end = min(until or date.max, utc_now().date() + timedelta(days=1))
    refuse_turned_round(since, until)
    if (end - since).days > MAXIMUM_DAYS:
        raise InvalidInputError(
            f"That is more than {MAXIMUM_DAYS} days.", next_step="Ask for a shorter time."
        )
    tell_freshness(scope, queries.NEWEST)
    bound = epoch_microseconds(datetime.combine(end, time(), UTC))
    asked = _asked(account_id, connection_id, currency) | {"until": bound}
    return Collection(
        data=[
            *ledger_histories(scope.rows(queries.CHANGES, asked), since, end),
            *reported_histories(scope.rows(queries.REPORTED_DAYS, asked), since, end),
        ]
    )


def _asked(
    account_id: str | None, connection_id: str | None, currency: str | None
) -> dict[str, object]:
    return {
        "account_id": account_id or "",
        "connection_id": connection_id or "",
        "currency": currency or "",
    }
