"""Which trained things do the tests of this room share, each made once?"""

import polars as pl
import pytest

from ml.ledger_account import LedgerAccountModel, train
from tests.ml.coded_books import coded_books


@pytest.fixture(scope="session")
def books() -> pl.DataFrame:
    return coded_books(months=12)


@pytest.fixture(scope="session")
def model(books: pl.DataFrame) -> LedgerAccountModel:
    """Trained on the first eleven months."""
    return train(books.filter(pl.col("booked_on") < pl.date(2023, 12, 1)))
