"""What does a balance look like to callers?"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

_PLACE: JsonDict = {
    "account_id": "stripe_balance",
    "provider": "stripe",
    "connection_id": "conn_demo",
    "currency": "EUR",
}


Basis = Literal["ledger", "reported"]
BalanceType = Literal["booked", "expected", "available"]
_BASIS = Field(
    description="`ledger`: the sum of the account's booking lines; `reported`: by the bank"
)
_TYPE = Field(
    description="What `balance` is: `booked`; `expected` (pending lines included) or `available`"
    " where the bank reports nothing else"
)


class BalancePlace(BaseModel):
    """Which account, in which currency."""

    account_id: str
    provider: str
    connection_id: str
    currency: str


class Balance(BalancePlace):
    """What an account holds at a moment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_PLACE,
                    "at": "2024-05-01T12:00:00Z",
                    "balance": "1249.00",
                    "balance_minor": 124900,
                    "available": "1200.00",
                    "available_minor": 120000,
                    "limit": None,
                    "limit_minor": None,
                    "balance_type": "booked",
                    "basis": "ledger",
                    "reported_at": None,
                },
                {
                    "account_id": "acc_checking",
                    "provider": "plaid",
                    "connection_id": "conn_bank",
                    "currency": "USD",
                    "at": "2024-05-01T12:00:00Z",
                    "balance": "3120.55",
                    "balance_minor": 312055,
                    "available": "3080.00",
                    "available_minor": 308000,
                    "limit": None,
                    "limit_minor": None,
                    "balance_type": "booked",
                    "basis": "reported",
                    "reported_at": "2024-05-01T06:12:40Z",
                },
            ]
        }
    )

    at: datetime
    balance: str = Field(
        description="What is booked; major units, exact decimal. What a card or loan owes is"
        " negative"
    )
    balance_minor: int
    available: str | None = Field(
        description="The part that can be paid out or spent now; null where the bank does not say"
    )
    available_minor: int | None
    limit: str | None = Field(description="A card's credit line, where its bank says")
    limit_minor: int | None
    balance_type: BalanceType = _TYPE
    basis: Basis = _BASIS
    reported_at: datetime | None = Field(
        description="Of a reported balance: when it was the account's; null for `ledger`"
    )


class DayBalance(BaseModel):
    """What an account held at a day's end."""

    day: date
    balance: str
    balance_minor: int
    change: str | None = Field(
        description="By how much it differs from the day before; null where that is unknown"
    )
    change_minor: int | None
    is_carried: bool = Field(
        description="The bank reported nothing on this day: the balance is that of the day before"
    )


class BalanceHistory(BalancePlace):
    """An account's balance at the end of each day (UTC)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_PLACE,
                    "balance_type": "booked",
                    "basis": "ledger",
                    "days": [
                        {
                            "day": "2024-05-01",
                            "balance": "1249.00",
                            "balance_minor": 124900,
                            "change": "49.00",
                            "change_minor": 4900,
                            "is_carried": False,
                        }
                    ],
                }
            ]
        }
    )

    balance_type: BalanceType = _TYPE
    basis: Basis = _BASIS
    days: list[DayBalance] = Field(description="A reported balance begins with its first report")
