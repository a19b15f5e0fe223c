"""Where did each payout go? One step that matches every workspace's payouts, deposits and entries.

    unified.payouts, transactions, accounts, accounting_*  →  reconciliation.matching  →  marts

A workspace whose inputs are what they were is skipped; of the others only changed rows are written,
and what is no more is written as a tombstone.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    multi_asset,
)

from assets.bank_accounts import BANKS
from assets.decided import decisions_of, mirror_charts
from assets.reconciliation_inputs import INPUTS, Inputs, inputs_of
from assets.reconciliation_rows import (
    account_rows,
    changed,
    line_rows,
    outcome_rows,
    source_rows,
    transfer_rows,
)
from assets.translator import OWNERS
from core.clock import epoch_microseconds, utc_now
from core.connections import ConnectionStore
from core.errors import EngineUnavailableError
from core.settings import Settings
from core.warehouse import Warehouse
from reconciliation.records import Decision
from reconciliation.tables import (
    ACCOUNT_SOURCES,
    BANK_ACCOUNTS,
    CHARTS,
    OF_KIND,
    OWN_TRANSFERS,
    RUN_COLUMNS,
    RUNS,
    SECONDARY_LINES,
    TABLES,
    prepare_tables,
)
from reconciliation.topups import with_topups

RECONCILIATION_GROUP = "reconciliation"
UNMATCHED = "few_payouts_are_unmatched"
# Of payouts with a verdict; the sandbox's faults are about four in a hundred.
MOST_UNMATCHED_PER_MILLE = 50
# Raise it when the matching changes: every workspace is then matched anew.
RULES = 5
READS = ("payouts", "transactions", "accounts", "balances", "accounting_entries",
         "accounting_accounts", "accounting_books", "accounting_documents")  # fmt: skip
DESCRIPTIONS = {
    OF_KIND["payout"]: "What became of each payout: its deposits, its entries, verdict, reason.",
    OF_KIND["deposit"]: "What each deposit that is a payout's, or says so, belongs to.",
    OF_KIND["entry"]: "What each accounting entry that is a payout's, or says so, belongs to.",
    BANK_ACCOUNTS: "Bank accounts, each once, with the connections that show it.",
    ACCOUNT_SOURCES: "Which bank account each account of a connection is; where its ledger begins.",
    SECONDARY_LINES: "Lines that count though their connection is not the account's primary one.",
    OWN_TRANSFERS: "Lines that move money between the company's own accounts.",
    CHARTS[0]: "Accounts that workspaces changed or made, as Postgres has them.",
    CHARTS[1]: "Kinds of movements that workspaces put on accounts of their choice.",
}
_SET_UP = """
select count() as tables from system.tables
where database = 'unified' and name in {names:Array(String)}
"""
_RUNS = "select workspace_id, inputs_version from marts.reconciliation_runs final"
_UNMATCHED = f"""
select workspace_id, count() as payouts, countIf(is_unmatched) as unmatched
from marts.{OF_KIND["payout"]} final
where verdict not in ('not_covered', 'failed')
group by workspace_id order by workspace_id
"""


def build_reconciliation_assets() -> AssetsDefinition:
    """Return the reconciliation's tables as assets of one step, with their check."""
    specs = [
        AssetSpec(
            AssetKey(["marts", name]), description=text, group_name=RECONCILIATION_GROUP,
            owners=OWNERS, kinds={"python", "clickhouse"},
            deps=[AssetKey(["unified", table]) for table in READS],
        )
        for name, text in DESCRIPTIONS.items()
    ]  # fmt: skip
    anchor = specs[0].key

    @multi_asset(
        name="match_payouts",  # not the job's: Dagster takes one name once
        specs=specs,
        check_specs=[
            AssetCheckSpec(UNMATCHED, asset=anchor, description=evaluate_unmatched.__doc__)
        ],
    )
    def reconciliation_assets(
        context: AssetExecutionContext,
        settings: ResourceParam[Settings],
        warehouse: ResourceParam[Warehouse],
        connections: ResourceParam[ConnectionStore],
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        prepare_tables(warehouse, cluster=settings.clickhouse_cluster)
        charts = mirror_charts(connections.database, warehouse, utc_now())
        written = reconcile_all(warehouse, settings, decisions=decisions_of(connections.database))
        context.log.info("Reconciled %d workspaces.", len(written))
        for spec in specs:
            number = sum(counts.get(spec.key.path[-1], 0) for counts in written.values())
            number += charts.get(spec.key.path[-1], 0)
            yield MaterializeResult(asset_key=spec.key, metadata={"changed_rows": number})
        yield evaluate_unmatched(warehouse.rows(_UNMATCHED))

    return reconciliation_assets


def state_of(decisions: Sequence[Decision]) -> str:
    """Return what differs whenever people's decisions do, or which of them is the newest."""
    if not decisions:
        return ""
    told = [f"{one.payout} {one.other} {one.confirmed}" for one in decisions]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def evaluate_unmatched(rows: Sequence[Mapping[str, Any]]) -> AssetCheckResult:
    """Judge that in no workspace more than 50 of 1,000 payouts lack their deposit or entry."""
    over = {
        row["workspace_id"]: f"{row['unmatched']} of {row['payouts']}"
        for row in rows
        if row["unmatched"] * 1_000 > row["payouts"] * MOST_UNMATCHED_PER_MILLE
    }
    return AssetCheckResult(
        asset_key=AssetKey(["marts", OF_KIND["payout"]]),
        check_name=UNMATCHED,
        passed=not over,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "payouts": MetadataValue.int(sum(row["payouts"] for row in rows)),
            "unmatched": MetadataValue.int(sum(row["unmatched"] for row in rows)),
            "over_the_share": MetadataValue.json(over),
        },
    )


def reconcile_all(
    warehouse: Warehouse,
    settings: Settings,
    *,
    decisions: Mapping[str, Sequence[Decision]] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> dict[str, dict[str, int]]:
    """Reconcile every workspace whose inputs changed; return the rows written, by table.

    Before dbt has set up what is read here there is nothing to reconcile, which is no failure.

    Args:
        warehouse: Where inputs are and rows go.
        settings: Names the cluster, where there is one.
        decisions: People's, by workspace, the newest last.
        clock: Asked at each write. Marts look for what was written since they last ran: rows that
            bore the time at which a long run began would be older than that.

    Raises:
        EngineUnavailableError: ClickHouse does not answer; what was written stays.
        ExceptionGroup: Some workspaces could not be reconciled. All others are.
    """
    prepare_tables(warehouse, cluster=settings.clickhouse_cluster)
    if warehouse.rows(_SET_UP, {"names": list(READS)})[0]["tables"] < len(READS):
        return {}
    known = {row["workspace_id"]: row["inputs_version"] for row in warehouse.rows(_RUNS)}
    found, failed = dict[str, dict[str, int]](), dict[str, Exception]()
    for row in warehouse.rows(INPUTS, {"banks": list(BANKS)}):
        workspace = row["workspace_id"]
        decided = (decisions or {}).get(workspace, ())
        try:
            version = f"{RULES} {row['inputs_version']} {state_of(decided)}".rstrip()
            if known.get(workspace) != version:
                found[workspace] = _reconcile(warehouse, workspace, version, clock, decided)
        except EngineUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - raised below, once the others have their turn
            failed[workspace] = error
    if failed:
        words = f"These workspaces could not be reconciled: {', '.join(failed)}"
        raise ExceptionGroup(words, list(failed.values()))
    return found


def _reconcile(
    warehouse: Warehouse,
    workspace: str,
    inputs_version: str,
    clock: Callable[[], datetime],
    decisions: Sequence[Decision],
) -> dict[str, int]:
    from reconciliation.matching import reconcile  # SciPy takes 60 MB that only a run needs

    inputs: Inputs = inputs_of(warehouse, workspace, decisions)
    outcomes = reconcile(inputs.company)
    banks = inputs.banks
    arrived = {outcome.key for outcome in outcomes if outcome.kind == "deposit" and outcome.payouts}
    transfers = banks.transfers(arrived)
    outcomes = with_topups(outcomes, {one.key for one in transfers if one.kind == "topup"})
    rows = {name: list(table) for name, table in outcome_rows(workspace, inputs, outcomes).items()}
    rows[BANK_ACCOUNTS] = account_rows(workspace, banks.accounts)
    rows[ACCOUNT_SOURCES] = source_rows(workspace, banks.accounts, banks.openings)
    rows[SECONDARY_LINES] = line_rows(workspace, banks.secondary)
    rows[OWN_TRANSFERS] = transfer_rows(workspace, transfers)
    written = {}
    for name, table in rows.items():
        columns = TABLES[name]
        stored = warehouse.rows(
            f"select * from marts.{name} final where workspace_id = {{workspace:String}}",
            {"workspace": workspace},
        )
        now = clock()
        new = changed(table, stored, list(columns), now, epoch_microseconds(now))
        if new:
            warehouse.insert_rows(f"marts.{name}", new, list(columns))
        written[name] = len(new)
    payouts = [outcome for outcome in outcomes if outcome.kind == "payout"]
    unmatched = sum(row["is_unmatched"] for row in rows[OF_KIND["payout"]])
    run = [workspace, inputs_version, len(payouts), unmatched, sum(written.values()), clock()]
    warehouse.insert_rows(f"marts.{RUNS}", [run], list(RUN_COLUMNS))
    return written
