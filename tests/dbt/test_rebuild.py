"""What do readers see while a rebuild is under way? The old tables, whole, then the new ones."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.settings import Settings
from core.warehouse import Warehouse

CHARGES = 3000


@pytest.fixture
def others(built: Warehouse) -> Iterator[None]:
    """What other tests put there that is nowhere raw, and would be gone with the old table."""
    built.command(
        "create table default.others engine = MergeTree order by tuple()"
        " as select * from unified.transactions"
    )
    yield
    built.command("insert into unified.transactions select * from default.others")
    built.command("drop table default.others")


@pytest.mark.usefixtures("others")
def test_readers_see_whole_tables_while_a_full_refresh_runs(
    built: Warehouse, clickhouse: Settings, land: Any, dbt: Any
) -> None:
    payload = json.dumps(
        {"amount": 100, "amount_captured": 100, "currency": "eur", "created": 1_700_000_000,
         "status": "succeeded", "captured": True}
    )  # fmt: skip
    land("stripe_charge", "ws_rebuild", [(f"ch_{n}", 1, payload) for n in range(CHARGES)])
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def read() -> None:
        reader = Warehouse.connect(clickhouse)
        while not done.wait(0.01):
            row = reader.rows(
                "select count() as rows, sum(amount_minor) as amount"
                " from unified.transactions final where workspace_id = 'ws_rebuild'"
            )[0]
            seen.append((row["rows"], row["amount"]))
        reader.close()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        by_time = ("transactions_by_time", "transactions_by_time__transactions")
        dbt("run", "--full-refresh", "--select", "+transactions__stripe_charges", *by_time)
    finally:
        done.set()
        thread.join()
    assert len(seen) > 20
    assert set(seen) == {(CHARGES, CHARGES * 100)}
    land("stripe_charge", "ws_rebuild", [("ch_after", 1, payload)])
    after = built.rows(
        "select count() as rows from unified.transactions final where workspace_id = 'ws_rebuild'"
    )
    assert after == [{"rows": CHARGES + 1}]
    by_time = built.rows(
        "select count() as rows, countIf(JSONExtractString(whole, 4) = 'succeeded') as succeeded"
        " from unified.transactions_by_time final where workspace_id = 'ws_rebuild'"
    )
    assert by_time == [{"rows": CHARGES + 1, "succeeded": CHARGES + 1}]
