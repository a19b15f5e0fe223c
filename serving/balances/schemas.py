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
                    "basis": "ledger",
                }
            ]
        }
    )

    at: datetime
    balance: str = Field(description="All that is booked; major units, exact decimal")
    balance_minor: int
    available: str = Field(description="The part that can be paid out")
    available_minor: int
    basis: Literal["ledger"] = Field(
        default="ledger",
        description="`ledger`: derived, as the sum of the account's booking lines",
    )


class DayBalance(BaseModel):
    """What an account held at a day's end."""

    day: date
    balance: str
    balance_minor: int
    change: str = Field(description="What the day's bookings came to")
    change_minor: int


class BalanceHistory(BalancePlace):
    """An account's balance at the end of each day (UTC)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_PLACE,
                    "basis": "ledger",
                    "days": [
                        {
                            "day": "2024-05-01",
                            "balance": "1249.00",
                            "balance_minor": 124900,
                            "change": "49.00",
                            "change_minor": 4900,
                        }
                    ],
                }
            ]
        }
    )

    basis: Literal["ledger"] = "ledger"
    days: list[DayBalance]
