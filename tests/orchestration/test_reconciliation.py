"""The job of the reconciliation, on an engine in which dbt may not have set anything up yet."""

from dagster import DagsterInstance

from core.settings import Settings
from core.warehouse import Warehouse
from orchestration.runs import run_reconciliation
from reconciliation.tables import OF_KIND, RUNS


def test_the_job_runs_where_nothing_is_set_up_and_says_that_all_is_well(
    engines: Settings, instance: DagsterInstance
):
    outcome = run_reconciliation(engines, instance=instance)
    assert (outcome.success, outcome.error) == (True, "")
    [check] = outcome.checks
    assert (check.check, check.passed) == ("few_payouts_are_unmatched", True)
    warehouse = Warehouse.connect(engines, pool_size=1)
    tables = warehouse.rows("select name from system.tables where database = 'marts'")
    warehouse.close()
    assert {*OF_KIND.values(), RUNS, "dim_bank_accounts"} <= {row["name"] for row in tables}
