"""The job of the enrichment, on an engine in which dbt may not have set anything up yet."""

from dagster import DagsterInstance

from core.settings import Settings
from core.warehouse import Warehouse
from ml.tables import COLUMNS
from orchestration.runs import run_enrichment


def test_the_job_runs_where_nothing_is_set_up_and_says_that_all_is_well(
    engines: Settings, instance: DagsterInstance
):
    outcome = run_enrichment(engines, instance=instance)
    assert (outcome.success, outcome.error) == (True, "")
    [check] = outcome.checks
    assert (check.check, check.passed) == ("findings_do_not_drift", True)
    warehouse = Warehouse.connect(engines, pool_size=1)
    columns = warehouse.rows(
        "select name from system.columns where database = 'unified' and table = 'enrichments'"
    )
    warehouse.close()
    assert {row["name"] for row in columns} == set(COLUMNS)
