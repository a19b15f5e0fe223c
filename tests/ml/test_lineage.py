"""No row of a forbidden provider enters: every public function refuses, and fails closed."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from core.errors import ForbiddenError, InvalidInputError
from ml.ledger_account import predict, train
from ml.ledger_account.evaluation import replay
from ml.lineage import require_permitted

ROW = {
    "merchant": ["shell"],
    "amount_minor": [-100],
    "booked_on": [date(2024, 1, 1)],
    "account": ["Fuel"],
}


def rows(*providers: str | None) -> pl.DataFrame:
    frame = pl.concat([pl.DataFrame(ROW)] * len(providers))
    return frame.with_columns(pl.Series("provider", providers, dtype=pl.String))


ENTRANCES: dict[str, Callable[[pl.DataFrame], object]] = {
    "train": train,
    "predict": lambda frame: predict(train(rows("plaid")), frame),
    "correct": lambda frame: train(rows("plaid")).corrected(frame),
    "replay": replay,
    "the rule itself": require_permitted,
}


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("spelling", ["xero", "Xero", " XERO "])
def test_xero_is_refused_at_every_entrance_even_among_others(entrance, spelling):
    with pytest.raises(ForbiddenError, match="xero"):
        ENTRANCES[entrance](rows("stripe", spelling))


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_rows_of_unknown_origin_are_refused(entrance):
    for frame in (rows("stripe").drop("provider"), rows("stripe", None), rows("")):
        with pytest.raises(InvalidInputError):
            ENTRANCES[entrance](frame)
