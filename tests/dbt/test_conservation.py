"""Does the job that the clock starts find a row that the typed layer has lost, and say so?"""

from pathlib import Path
from typing import Any

from dagster import DagsterInstance, Definitions

from assets.progress import Listener
from core.settings import Settings
from core.warehouse import Warehouse
from orchestration.definitions import ingest_definitions, model_definitions, with_resources
from orchestration.outcomes import outcome_of
from tests.dbt.late_rows import AT, VERSION, rows

WORKSPACE = "ws_conserved"
CHARGE = {
    "id": "ch_lost", "object": "charge", "amount": 100, "amount_captured": 100, "captured": True,
    "currency": "eur", "status": "succeeded", "created": AT, "payment_intent": "pi_lost",
}  # fmt: skip
# Tests that this room may break: the company's banks and books land typed, without raw rows.
TYPED_ALONE = {
    "every_bank_line_is_unified_once_or_rejected",
    "every_accounting_document_is_unified_once_or_rejected",
}
LOSE = """
insert into unified.transactions
select * replace (version + 1 as version, toUInt8(1) as is_deleted) from unified.transactions final
where workspace_id = {workspace:String}
"""


def verdicts(settings: Settings) -> dict[str, set[str]]:
    """Run the job; return the checks by whether they passed."""
    parts = Definitions.merge(ingest_definitions(), model_definitions(settings))
    bound = with_resources(parts, lambda: settings, Listener(lambda _: None, is_quiet=True))
    with DagsterInstance.ephemeral() as instance:
        result = bound.resolve_job_def("conservation").execute_in_process(
            instance=instance, raise_on_error=False
        )
        found: dict[str, set[str]] = {"passed": set(), "failed": set()}
        for check in outcome_of(result, instance).checks:
            found["passed" if check.passed else "failed"].add(check.check)
    return found


def test_a_row_that_the_typed_layer_lost_fails_its_test_by_the_clock(
    built: Warehouse, clickhouse: Settings, land: Any, tmp_path: Path
) -> None:
    settings = clickhouse.model_copy(update={"data_dir": tmp_path})
    for version in (VERSION, VERSION + 2):  # lost, and there again
        for table, landed in rows({"charge": CHARGE}, version):
            land(table, WORKSPACE, landed)
        if version == VERSION:
            built.command(LOSE, {"workspace": WORKSPACE})
            lost = verdicts(settings)
    found = verdicts(settings)
    assert lost["failed"] - found["failed"] == {
        "every_stripe_money_object_is_unified_once_or_rejected"
    }
    assert found["failed"] <= TYPED_ALONE
    assert found["passed"] | found["failed"] == lost["passed"] | lost["failed"]
    assert len(found["passed"] | found["failed"]) == 8
