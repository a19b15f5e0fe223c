"""How does one measure the facet on one's own books?

python -m ml.ledger_account evaluate FILE.csv [--merchant-column NAME …] [--json] [--output FOLDER]

Prints a table (or JSON) and writes, into the output folder, the model card and the reliability
plot. The file needs a header, ISO dates and amounts in major units.
"""

import argparse
import json
import sys
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from core.errors import OppulenceError
from ml.ledger_account.csv_history import CsvColumns, read_csv_history
from ml.ledger_account.evaluation import cold_start, replay
from ml.ledger_account.model_card import model_card
from ml.ledger_account.summary import summarise
from ml.metrics import ReliabilityBin
from ml.reliability_plot import reliability_svg


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit code."""
    options = _options(arguments)
    columns = CsvColumns(
        merchant=options.merchant_column, amount=options.amount_column, date=options.date_column,
        account=options.account_column, unit=options.unit_column, currency=options.currency,
    )  # fmt: skip
    try:
        history = read_csv_history(options.file, columns)
        summary = summarise(replay(history, options.test_months))
        if options.cold_start:
            summary["cold_start"] = cold_start(history.drop_nulls("unit")).to_dicts()
    except OppulenceError as error:
        Console(stderr=True).print(f"{error.detail} {error.next_step}".strip())
        return error.exit_code
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        bands = [ReliabilityBin(**band) for band in summary["reliability"]]
        plot = reliability_svg(bands, "Ledger account, months not yet seen")
        (options.output / "ledger-account-reliability.svg").write_text(plot)
        (options.output / "ledger-account.md").write_text(model_card(summary, options.source))
    if options.json:
        sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    else:
        _print(summary["protocols"], summary["baselines"])
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.ledger_account", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    evaluate = commands.add_parser("evaluate", help="replay a coded history forward in time")
    names = CsvColumns()
    evaluate.add_argument("file", type=Path)
    evaluate.add_argument("--merchant-column", default=names.merchant)
    evaluate.add_argument("--amount-column", default=names.amount)
    evaluate.add_argument("--date-column", default=names.date)
    evaluate.add_argument("--account-column", default=names.account)
    evaluate.add_argument("--unit-column", default=names.unit, help="empty for none")
    evaluate.add_argument("--currency", default=names.currency)
    evaluate.add_argument("--test-months", type=int, default=12)
    evaluate.add_argument("--cold-start", action="store_true", help="also measure new workspaces")
    evaluate.add_argument("--json", action="store_true")
    evaluate.add_argument("--output", type=Path, help="folder for model card and plot")
    evaluate.add_argument(
        "--source", default="The given file.", help="for the card: the data, licence, attribution"
    )
    return parser.parse_args(arguments)


def _print(protocols: dict[str, dict[str, float]], baselines: dict[str, float]) -> None:
    frame = pl.DataFrame([{"protocol": name, **line} for name, line in protocols.items()])
    table = Table(title="Ledger account, forward in time")
    for name in frame.columns:
        table.add_column(name.replace("_", " "))
    for row in frame.iter_rows():
        table.add_row(row[0], *(f"{value:.3f}" for value in row[1:]))
    for name, accuracy in baselines.items():
        table.add_row(f"baseline: {name}", f"{accuracy:.3f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
