"""Guards what is said of a load that fails: the cause, in few lines, and whether to try again."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import EngineUnavailableError
from core.settings import Settings
from core.warehouse import Warehouse, WarehouseQueryError
from pipelines.ingest import backfill, prepare_warehouse
from tests.pipelines.fake_stripe import FakeStripe, charge, connection
from tests.pipelines.test_audit_and_tail import NOON
from tests.pipelines.test_ingest import served


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[tuple[Settings, subprocess.Popen[str]]]:
    """An engine that a test may kill, and the settings that reach it."""
    command = [sys.executable, "-m", "local.clickhouse", "--path", str(tmp_path / "engine")]
    with subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        yield Settings(data_dir=tmp_path / "data", clickhouse_url=SecretStr(url)), process
        process.kill()


def test_an_engine_that_dies_during_a_load_is_told_in_few_lines(mortal, capfd):
    settings, process = mortal
    prepare_warehouse(settings)
    warehouse = Warehouse.connect(settings, pool_size=1)
    warehouse.command("alter table raw.stripe_charge add column slow UInt8 default sleepEachRow(1)")

    def kill_while_it_inserts() -> None:
        inserting = "select count() as n from system.processes where query ilike 'insert%charge%'"
        while not warehouse.rows(inserting)[0]["n"]:
            time.sleep(0.02)
        process.kill()

    killer = threading.Thread(target=kill_while_it_inserts)
    killer.start()
    capfd.readouterr()
    stripe = FakeStripe({"/v1/charges": [charge(1, NOON), charge(2, NOON)]})
    with served(stripe) as url, pytest.raises(EngineUnavailableError) as raised:
        backfill(settings, [connection("ws_dies", url=url)], objects=["charge"])
    killer.join()
    said = capfd.readouterr()
    assert raised.value.detail == "ClickHouse did not take the rows: Connection refused"
    assert raised.value.next_step == "What was read is kept and lands with the next run."
    assert len((said.out + said.err).splitlines()) < 5, said.err[-2000:]


def test_a_refused_load_says_what_the_server_said(fresh, warehouse):
    constraint = "constraint shut check workspace_id != 'ws_shut'"
    warehouse.command(f"alter table raw.stripe_charge add {constraint}")
    stripe = FakeStripe({"/v1/charges": [charge(1, NOON)]})
    try:
        with served(stripe) as url, pytest.raises(WarehouseQueryError) as raised:
            backfill(fresh, [connection("ws_shut", url=url)], objects=["charge"])
    finally:
        warehouse.command("alter table raw.stripe_charge drop constraint shut")
    assert "Code: 469. DB::Exception: Constraint `shut`" in raised.value.detail
    assert len(raised.value.detail.splitlines()) == 1
