"""Do marts that are built in slices tell what they tell when they are built at once?"""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from core.settings import PROJECT_ROOT
from core.warehouse import Warehouse
from tests.dbt import converted_rows, journal_facts, moved_rows
from tests.dbt.company import WORKSPACE, Company
from tests.dbt.conftest import KEYS_PER_SLICE

# Their rows are never rewritten: how often one was corrected is lost with a rebuild.
KEPT = {"int_billing__revenue_changes", "int_billing__settlement_changes"}
WORDS = ["", "a", "a'", "a\\", "z"]


def told(warehouse: Warehouse, marts: list[str]) -> dict[str, list[str]]:
    return {
        mart: [
            row["facts"]
            for row in warehouse.rows(
                "select toString(tuple(* except (version, computed_at))) as facts"
                f" from marts.{mart} final where workspace_id in {{workspaces:Array(String)}}"
                " order by facts",
                {"workspaces": [WORKSPACE, converted_rows.WORKSPACE, journal_facts.WORKSPACE]},
            )
        ]
        for mart in marts
    }


@pytest.fixture(scope="session")
def tables(manifest: dict[str, Any]) -> list[str]:
    """The marts that dbt fills."""
    models = (n for n in manifest["nodes"].values() if n["resource_type"] == "model")
    return sorted(m["name"] for m in models if m["config"]["materialized"] == "incremental")


def test_marts_of_many_small_runs_and_slices_are_those_of_one_build(
    built: Warehouse, company: Company, dbt: Any, tables: list[str]
) -> None:
    rebuilt = [mart for mart in tables if mart not in KEPT]
    assert len(rebuilt) >= 16
    dbt("run", "--select", *tables)  # what other tests have landed
    in_slices = told(built, rebuilt)
    large = [mart for mart, rows in in_slices.items() if len(rows) > 2 * KEYS_PER_SLICE]
    assert {"fct_invoices", "fct_settlements", "int_ledger__payment_journals"} <= set(large)
    # Entries keep the moment at which they were written. What no journal tells is taken back.
    assert [row for row in in_slices["fct_ledger_entries"] if ",true," in row]
    built.command(
        "insert into marts.fct_ledger_entries select * replace ('ws_gone' as workspace_id) from ("
        " select * from marts.fct_ledger_entries final where journal_id = 'charge:ch_bare'"
        f" and workspace_id = '{journal_facts.WORKSPACE}')"
    )
    dbt("run", "--full-refresh", "--select", *rebuilt, variables="{}")
    assert told(built, rebuilt) == in_slices
    rows = built.rows(
        "select revision, is_reversal, account_code, amount_minor, journal_type, source_id"
        " from marts.fct_ledger_entries final where workspace_id = 'ws_gone'"
        " order by is_reversal, account_code"
    )
    assert [tuple(row.values()) for row in rows] == [
        (1, is_reversal, account, sign * amount, "charge", "ch_bare")
        for is_reversal, sign in ((False, 1), (True, -1))
        for account, amount in (("1100", -10000), ("1150", 10000))
    ]


def test_a_column_that_a_release_added_is_filled_by_the_next_run(
    built: Warehouse, company: Company, dbt: Any
) -> None:
    """And is read by its name from then on: it is the table's last, not the model's."""
    columns = "customer_id, currency, moved_on, kind, delta_minor, until_on, month_before_minor"
    asked = f"select {columns} from marts.fct_mrr_movements final order by {columns}"
    before = built.rows(asked)
    built.command("alter table marts.fct_mrr_movements drop column until_on")
    dbt("run", "--select", "fct_mrr_movements")
    assert built.rows(asked) == before
    assert any(row["until_on"].year < 2149 for row in before)
    # All customers are looked at again, and what stood there with them.
    dbt("run", "--select", "fct_mrr_movements", variables='{"landing_overlap_seconds": 999999999}')
    assert built.rows(asked) == before


def test_a_slice_tells_of_its_own_episodes_alone(
    built: Warehouse, company: Company, dbt: Any, target_dir: Path
) -> None:
    """A payment that was an episode once brings its invoice's along: another slice has that."""
    dbt("compile", "--full-refresh", "--select", "fct_recovery_episodes")
    folder = target_dir / "compiled/oppulence/models/marts/recovery"
    compiled = (folder / "fct_recovery_episodes.sql").read_text()
    every = re.compile(r"/[*] touched by .*/[*] end of touched [*]/", re.DOTALL)

    def told(episode: str) -> list[dict[str, Any]]:
        slice_of_one = (
            f"touched as (select '{moved_rows.WORKSPACE}' as workspace_id,"
            f" 'conn_test' as connection_id, '{episode}' as episode_id)"
        )
        return built.rows(
            "select episode_id, attempts_made, amount_minor"
            f" from ({every.sub(slice_of_one, compiled)})"
        )

    assert told("pi_first") == []
    whole = [{"episode_id": "in_moved", "attempts_made": 2, "amount_minor": 6_000}]
    assert told("in_moved") == whole
    standing = built.rows(
        "select episode_id, attempts_made, amount_minor from marts.fct_recovery_episodes final"
        f" where workspace_id = '{moved_rows.WORKSPACE}'"
    )
    assert standing == whole


def test_a_run_leaves_none_of_its_tables(built: Warehouse, company: Company) -> None:
    left = "select name from system.tables where database = 'marts' and name like '%\\_\\_%\\_%'"
    names = [row["name"] for row in built.rows(left)]
    assert [name for name in names if "__touched" in name or "__slices" in name] == []
    assert "int_billing__subscription_mrr" in names


def test_slices_take_each_key_once(built: Warehouse, dbt: Any) -> None:
    """Ids of any letters: a bound compares as the tuple of its words does."""
    bounds = [list(bound) for bound in product(WORDS, repeat=3)]
    condition = "{{ beyond(['a', 'b', 'c'], bound, '%s', '%s') }}"
    said = dbt(
        "compile", "--inline",
        "{% for bound in " + repr(bounds) + " %}select {{ loop.index0 }} as bound,"
        f" count() as kept, groupArray((a, b, c)) as keys from words where"
        f" {condition % ('>', '>=')}"
        f" union all select {{{{ loop.index0 }}}}, count(), groupArray((a, b, c)) from words"
        f" where {condition % ('<', '<')} {{{{ ' union all ' if not loop.last }}}}"
        "{% endfor %}",
    ).stdout  # fmt: skip
    compiled = "select 0 as bound" + said.partition("select 0 as bound")[2]
    words = "select arrayJoin({words:Array(String)}) as "
    rows = built.rows(
        f"with words as (select * from ({words} a) as x, ({words} b) as y, ({words} c) as z)"
        f" select bound, arraySort(groupArrayArray(keys)) as keys, groupArray(kept) as kept"
        f" from ({compiled}) group by bound order by bound",
        {"words": WORDS},
    )
    every = sorted(product(WORDS, repeat=3))
    assert [[tuple(key) for key in row["keys"]] for row in rows] == [every] * len(every)
    positions = [every.index(tuple(bound)) for bound in bounds]
    assert [sorted(row["kept"]) for row in rows] == [
        sorted([place, len(every) - place]) for place in positions
    ]


def test_of_what_final_reads_conditions_on_facts_wait_for_the_newest(built: Warehouse) -> None:
    """What runs have ClickHouse do: an older row that fits is not told in the newest's place."""
    macros = (PROJECT_ROOT / "dbt" / "macros" / "slices.sql").read_text()
    (settings,) = re.findall(r"macro run_settings\(\) -%\}\s+(.+?)\s+\{%", macros)
    assert "optimize_move_to_prewhere_if_final = 1" in settings
    built.command("drop table if exists marts.zz_paid sync")
    built.command(
        "create table marts.zz_paid (id String, status String, version UInt64, is_deleted UInt8)"
        " engine = ReplacingMergeTree(version, is_deleted) order by id"
        " settings index_granularity = 8"
    )
    built.command("system stop merges marts.zz_paid")
    states = [("paid", 1, 0, 100), ("void", 2, 0, 60), ("void", 3, 1, 30)]
    for status, version, is_deleted, many in states:
        built.command(
            f"insert into marts.zz_paid select toString(number), '{status}', {version},"
            f" {is_deleted} from numbers({many})"
        )
    found = built.rows(
        "select status, count() as many from marts.zz_paid final"
        " where id in (select id from marts.zz_paid where toUInt8(id) >= 20) and status = 'paid'"
        f" group by status settings {settings}"
    )
    assert found == [{"status": "paid", "many": 40}]  # 60 to 99: 20 to 29 are gone, 30 to 59 void
    built.command("drop table marts.zz_paid sync")
