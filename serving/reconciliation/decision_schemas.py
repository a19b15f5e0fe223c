"""What does a person's word on a match look like, and what does one take?"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from serving.words import Id

# Documents of the books are named by kind and id: `deposit/17`.
OtherId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{1,200}$")]
_ASKED: JsonDict = {
    "decision": "confirmed",
    "kind": "deposit",
    "payout_connection_id": "conn_demo",
    "payout_id": "po_1PqXk2Eexample",
    "connection_id": "conn_bank",
    "other_id": "tx_example",
}


class DecisionRequest(BaseModel):
    """Whether a payout and a deposit, or an entry of the books, belong together."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ASKED]})

    decision: Literal["confirmed", "rejected"]
    kind: Literal["deposit", "entry"]
    payout_connection_id: Id
    payout_id: Id
    connection_id: Id = Field(description="The connection of the deposit or entry")
    other_id: OtherId = Field(description="The bank line, or the document of the books")
    account_id: Id | Literal[""] = Field(
        default="", description="Of an entry: the account of the books, as its match names it"
    )
    note: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f]*$")] = ""


class Decision(BaseModel):
    """A person's word on a match; the next run of the reconciliation holds to it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_ASKED,
                    "id": "dec_5k2m8w0c1t7e9b3n6x4q0r2hz",
                    "account_id": "",
                    "note": "",
                    "decided_by": "key_5k2m8w0c1t7e9b3n6x4q0r2hz",
                    "decided_at": "2024-05-03T08:00:00Z",
                }
            ]
        }
    )

    id: str
    decision: Literal["confirmed", "rejected"]
    kind: Literal["deposit", "entry"]
    payout_connection_id: str
    payout_id: str
    connection_id: str
    other_id: str
    account_id: str
    note: str
    decided_by: str
    decided_at: datetime
