"""Are rows that cannot be read counted by reason, and never shown?"""

from assets.rejections import evaluate_rejections


def test_every_readable_row_passes_and_others_are_counted_by_reason():
    assert evaluate_rejections([]).passed
    verdict = evaluate_rejections(
        [
            {"source_table": "raw.xero_invoice", "reason": "total is missing", "rows": 3},
            {"source_table": "raw.xero_payment", "reason": "status is missing", "rows": 1},
        ]
    )
    assert not verdict.passed
    assert verdict.metadata["reasons"].value == 4
    assert "| raw.xero_invoice | total is missing | 3 |" in verdict.metadata["rejected"].value
