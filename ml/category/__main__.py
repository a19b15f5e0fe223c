"""How does one measure the categories?

python -m ml.category evaluate [--output FOLDER] [--json]
    trains from the package's rows and measures on the frozen names; writes the reliability plot.
python -m ml.category compare FILE.csv LABELS.csv --merchant-column NAME --label-column NAME
    asks the whole facet (rules, known merchants, model) about the merchants of a labelled file and
    compares with LABELS.csv (columns `label`, `category`: a category or a group).
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ml.category.comparison import compared
from ml.category.training import train
from ml.category.wording import from_artifact
from ml.metrics import ReliabilityBin
from ml.reliability_plot import reliability_svg

NO_FEEDBACK = pl.DataFrame(schema={"merchant": pl.String(), "value": pl.String()})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code."""
    options = _options(arguments)
    trained = train(pl.DataFrame(), NO_FEEDBACK)
    if options.command == "evaluate":
        found = dict(trained.measures) | {"megabytes": len(trained.artifact.content) / 1e6}
        if options.output:
            bands = [ReliabilityBin(**band) for band in trained.measures["listed"]["reliability"]]
            plot = reliability_svg(bands, "Category, names not seen")
            (options.output / "category-reliability.svg").write_text(plot)
    else:
        model = from_artifact(trained.artifact.content, trained.artifact.sha256)
        rows = pl.read_csv(options.file, infer_schema_length=0)
        with options.labels.open(encoding="utf-8") as file:
            labels = {row["label"]: row["category"] for row in csv.DictReader(file)}
        found = compared(rows[options.merchant_column], rows[options.label_column], labels, model)
    sys.stdout.write(json.dumps(_rounded(found), indent=2) + "\n")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.category", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    evaluate = commands.add_parser("evaluate", help="train, and measure on the frozen names")
    evaluate.add_argument("--output", type=Path, help="folder for the reliability plot")
    compare = commands.add_parser("compare", help="compare with a labelled file")
    compare.add_argument("file", type=Path)
    compare.add_argument("labels", type=Path)
    compare.add_argument("--merchant-column", default="merchant_name")
    compare.add_argument("--label-column", default="expense_account")
    return parser.parse_args(arguments)


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {str(name): _rounded(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_rounded(value) for value in found]
    return round(found, 4) if isinstance(found, float) else found


if __name__ == "__main__":
    sys.exit(main())
