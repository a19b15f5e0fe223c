"""What should a reader know before trusting the facet? The model card, from measured numbers."""

from typing import Any

from ml.ledger_account.summary import GOALS


def model_card(summary: dict[str, Any], source: str) -> str:
    """Write the model card of an evaluation.

    Parameters
    ----------
    summary
        From `summary.summarise`, optionally with `cold_start`.
    source
        What the data is and under which licence, with its attribution.

    Returns
    -------
    str
        Markdown.
    """
    headline = summary["protocols"]["monthly"]
    met = {
        "accuracy": headline["accuracy"] >= GOALS["accuracy"],
        "calibration": headline["expected_calibration_error"]
        <= GOALS["expected_calibration_error"],
        "automatic": headline["coverage_at_90"] >= GOALS["automatic"],
    }
    return f"""# Model card: ledger account

**What it does.** Learns one workspace's bookkeeping from its own coded purchases and proposes the
account of the next one, with the probability that it is right; below the threshold it abstains.
Nothing passes between workspaces. It knows no chart of accounts beforehand.

**Reads.** Merchant string, amount, date, unit (directorate, department, card). Not the order of
rows in a file, not the rows beside it.

**Data.** {source} {summary["training_rows"]:,} purchases before the test,
{summary["test_rows"]:,} tested, from {summary["test_from"]} to {summary["test_to"]};
{summary["accounts"]} accounts occur in the test. All labels are the bookkeepers' own; nothing is
synthetic. No row was left out for being rare. No data of Xero.

## Forward in time

{_protocols(summary)}

*trained once*: a whole test period without a correction. *monthly*: at each month's start trained
on all earlier months; the month itself unseen (headline). *weekly*: past weeks' corrections enter
the memory, without training. *booked automatically*: by the threshold chosen on months before the
test. *at 90 %*: the largest share that could be booked at 90 % right, read off the test itself.

{_verdict(met)}

## Baselines, same purchases

{_baselines(summary)}

## Calibration (monthly)

![Reliability](ledger-account-reliability.svg)

{
        _table(
            ["stated", "right", "rows"],
            [
                [f"{band['confidence']:.3f}", f"{band['accuracy']:.3f}", f"{band['rows']:,}"]
                for band in summary["reliability"]
            ],
        )
    }

## Slices (monthly)

{_slices(summary)}
{_cold_start(summary)}
## Most frequent mistakes

{
        _table(
            ["bookkeeper", "proposed", "rows"],
            [
                [line["account"], line["booked_as"], str(line["rows"])]
                for line in summary["confusions"]
            ],
        )
    }

## Limits

- A merchant that sells everything (a marketplace) is booked by amount, unit and habit; what was in
  the parcel is not in the data. The ceiling of the merchant string alone is
  {summary["merchant_ceiling"]:.3f} on these purchases, in hindsight.
- When people or departments change, accuracy dips until their first codings come in; the frozen
  protocol shows the cost of not learning.
- The bookkeepers' own inconsistencies count as mistakes of the model.
- Measured on one public body's card purchases in pounds: other workspaces will differ; the command
  `python -m ml.ledger_account evaluate` measures yours.
"""


def _protocols(summary: dict[str, Any]) -> str:
    titles = {"frozen": "trained once", "monthly": "monthly (headline)", "weekly": "weekly"}
    return _table(
        ["protocol", "accuracy", "macro F1", "ECE", "booked automatically", "of that right",
         "at 90 %"],
        [[titles[name], *_numbers(line)] for name, line in summary["protocols"].items()],
    )  # fmt: skip


def _numbers(line: dict[str, float]) -> list[str]:
    names = ["accuracy", "macro_f1", "expected_calibration_error", "automatic", "automatic_right"]
    return [f"{line[name]:.3f}" for name in [*names, "coverage_at_90"]]


def _verdict(met: dict[str, bool]) -> str:
    words = {True: "met", False: "**not met**"}
    return (
        f"Goals, monthly: accuracy at least {GOALS['accuracy']}: {words[met['accuracy']]}; ECE at "
        f"most {GOALS['expected_calibration_error']}: {words[met['calibration']]}; at least "
        f"{GOALS['automatic']:.0%} at 90 % right: {words[met['automatic']]}."
    )


def _baselines(summary: dict[str, Any]) -> str:
    lines = [[name, f"{value:.3f}"] for name, value in summary["baselines"].items()]
    lines.append(["merchant string in hindsight (ceiling)", f"{summary['merchant_ceiling']:.3f}"])
    return _table(["baseline", "accuracy"], lines)


def _slices(summary: dict[str, Any]) -> str:
    lines = []
    for kind, slices in summary["slices"].items():
        for line in slices:
            measured = _numbers(line)
            lines.append([kind, line["slice"], f"{line['rows']:,}", measured[0], *measured[2:5]])
    return _table(
        ["by", "slice", "rows", "accuracy", "ECE", "booked automatically", "of that right"], lines
    )


def _cold_start(summary: dict[str, Any]) -> str:
    if not summary.get("cold_start"):
        return ""
    lines = [
        [
            str(line["coded_purchases"]), str(line["workspaces"]), f"{line['accuracy']:.3f}",
            f"{line['automatic']:.3f}",
            "-" if line["automatic_right"] is None else f"{line['automatic_right']:.3f}",
        ]
        for line in summary["cold_start"]
    ]  # fmt: skip
    head = ["coded purchases", "workspaces", "accuracy", "booked automatically", "of that right"]
    return (
        "\n## Cold start\n\nEach large unit taken for a new workspace that coded its first "
        f"purchases; the next 500 are booked.\n\n{_table(head, lines)}\n"
    )


def _table(head: list[str], lines: list[list[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines])
