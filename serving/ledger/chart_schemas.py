"""What does an account of a chart look like to callers, and what does one take?"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from core.ledger_accounts import AccountType
from serving.words import Name

Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$")]
# What a bank's line may be (`transactions_have_canonical_words_and_signs`): a mistyped kind would
# take nothing, and say nothing. Kinds of the payment provider's are its own, and new ones come.
BANK_TYPES = (
    "adjustment", "card_payment", "cash", "cheque", "direct_debit", "fee", "interest", "payment",
    "payout", "refund", "transfer",
)  # fmt: skip
Category = Annotated[
    str,
    StringConstraints(
        pattern=rf"^(bank:({'|'.join(BANK_TYPES)})_(in|out)|(stripe|credit):[a-z_]{{1,60}})$"
    ),
]
_ASKED: JsonDict = {
    "number": "6855",
    "name": "Bank charges",
    "type": "expense",
    "description": "What our banks charge",
    "posts": ["bank:fee_out"],
}


class AccountOfLedger(BaseModel):
    """One account of the workspace's chart."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**_ASKED, "code": "own_6855", "is_standard": False, "is_changed": True}]
        }
    )

    code: str = Field(description="By which journals know it; never changes")
    number: str = Field(description="As the workspace numbers it")
    name: str
    type: AccountType
    description: str
    is_standard: bool = Field(description="Every ledger has it")
    is_changed: bool = Field(description="The workspace's own, or its own word on a standard one")
    posts: list[str] = Field(
        description="Kinds of bank lines (`bank:fee_out`: type, and in or out) and of movements at"
        " the payment provider (`stripe:fee`) or of customers' credit (`credit:adjustment`) that"
        " it takes from the account that had them"
    )


class AccountRequest(BaseModel):
    """What an account shall be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ASKED]})

    name: Name
    type: AccountType
    number: Number | None = Field(default=None, description="Default: the code")
    description: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f]*$")] = ""
    posts: list[Category] = Field(default=[], max_length=50)
