"""The command measures any coded CSV, exactly, and writes the card and the plot."""

import json
from decimal import Decimal
from xml.etree import ElementTree

import polars as pl
import pytest

from core.errors import InvalidInputError
from ml.ledger_account.__main__ import main
from ml.ledger_account.baselines import ceiling, exact_merchant, most_frequent
from ml.ledger_account.csv_history import CsvColumns, read_csv_history

COLUMNS = CsvColumns("shop", "amount", "day", "code", "team", "EUR")
NAMES = [
    "--merchant-column", "shop", "--amount-column", "amount", "--date-column", "day",
    "--account-column", "code", "--unit-column", "team", "--currency", "EUR",
]  # fmt: skip


@pytest.fixture
def csv_file(books, tmp_path):
    path = tmp_path / "books.csv"
    euros = [str(Decimal(amount).scaleb(-2)) for amount in books["amount_minor"]]
    books.select(
        pl.col("booked_on").alias("day"), pl.col("merchant").alias("shop"),
        pl.Series("amount", euros), pl.col("account").alias("code"), pl.col("unit").alias("team"),
    ).write_csv(path)  # fmt: skip
    return path


def test_the_command_measures_and_writes_card_and_plot(csv_file, tmp_path, capsys):
    folder = tmp_path / "card"
    arguments = ["evaluate", str(csv_file), *NAMES, "--test-months", "2", "--json"]
    assert main([*arguments, "--output", str(folder), "--source", "Generated."]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["training_rows"], summary["test_rows"]) == (600, 120)
    assert summary["protocols"]["monthly"]["accuracy"] == 1.0
    assert summary["baselines"]["most frequent account"] < 0.4
    card = (folder / "ledger-account.md").read_text()
    assert "Generated. 600 purchases before the test,\n120 tested" in card
    assert "accuracy at least 0.68: met" in card
    ElementTree.parse(folder / "ledger-account-reliability.svg")


def test_amounts_are_read_exactly(csv_file, books):
    assert read_csv_history(csv_file, COLUMNS)["amount_minor"].equals(books["amount_minor"])


@pytest.mark.parametrize("amount", ["1.005", "12,30", "many"])
def test_an_amount_that_is_no_whole_cent_is_refused(tmp_path, amount):
    path = tmp_path / "bad.csv"
    path.write_text(f'day,shop,amount,code,team\n2024-01-01,x,"{amount}",A,t\n')
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_csv_history(path, COLUMNS)


def test_a_missing_column_is_named(csv_file, capsys):
    assert main(["evaluate", str(csv_file)]) == 2
    assert "merchant_name" in capsys.readouterr().err


def test_baselines_and_ceiling_of_a_hand_computed_case():
    past = pl.DataFrame(
        {
            "merchant": ["a", "a", "a", "b", "a", "b", "c"],
            "account": ["X", "Y", "Y", "X", "X", "Z", "Z"],
        }
    )
    # Before row 4: account X and Y twice each (X first by name), merchant a: Y, b: X, c unknown.
    assert most_frequent(past, [4, 7]).to_list() == ["X", "X", "X"]
    assert exact_merchant(past, [4, 7]).to_list() == ["Y", "X", "X"]
    # In hindsight: a Y or X (2 of 4), b one of two, c one.
    assert ceiling(past) == pytest.approx(4 / 7)
