"""What does one start of dbt build, and what the next, for each thing a run may select?"""

from collections.abc import Sequence

import pytest

from assets.dbt_cli import layered

FEED = "oppulence.staging.stripe.charges.stg_stripe__charges__feed"
VIEW = "oppulence.unified.transactions.transactions__stripe_charges"
MART = "oppulence.marts.ledger.fct_trial_balance"
SEED = "oppulence.ledger_accounts"
TEST = "oppulence.every_journal_sums_to_zero"
BEFORE_MARTS = ["--exclude", "path:models/marts"]


@pytest.mark.parametrize(
    ("selection", "starts"),
    [
        pytest.param(
            ["--select", "fqn:*"],
            [
                ["--select", "path:models/staging path:models/unified", *BEFORE_MARTS],
                ["--select", "path:models/marts resource_type:seed"],
            ],
            id="everything",
        ),
        pytest.param(
            ["--select", f"{MART} {VIEW} {SEED} {FEED} {TEST}"],
            [
                ["--select", f"{VIEW} {FEED}", *BEFORE_MARTS],
                ["--select", f"{MART} {SEED} {TEST}"],
            ],
            id="some of both layers",
        ),
        pytest.param(
            ["--select", f"{SEED} {MART} {TEST}"],
            [["--select", f"{SEED} {MART} {TEST}"]],
            id="the marts alone",
        ),
        pytest.param(
            ["--select", f"{FEED} {VIEW}"],
            [["--select", f"{FEED} {VIEW}", *BEFORE_MARTS]],
            id="the typed layer alone",
        ),
    ],
)
def test_marts_are_built_in_a_start_of_their_own_after_what_they_read(
    selection: Sequence[str], starts: list[list[str]]
) -> None:
    assert layered(selection) == starts
