"""Is the chart that the API tells the one that dbt writes journals with?"""

import csv

from core.ledger_accounts import BY_CODE, STANDARD
from core.settings import PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt" / "seeds"


def test_the_standard_chart_is_dbt_s_seed():
    with (SEEDS / "ledger_accounts.csv").open() as file:
        seed = [
            (row["account_code"], row["name"], row["type"], row["description"])
            for row in csv.DictReader(file)
        ]
    assert [tuple(account) for account in STANDARD] == seed
    assert len(BY_CODE) == len(STANDARD)


def test_every_mapping_leads_to_an_account():
    with (SEEDS / "ledger_mappings.csv").open() as file:
        assert {row["account_code"] for row in csv.DictReader(file)} <= BY_CODE.keys()
