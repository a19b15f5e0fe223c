"""Xero's developer terms forbid machine learning on its data: no row of Xero reaches a model.

Lineage, not trust: the tables whose rows derive from Xero follow from dbt's manifest, and whatever
reads one of them for `ml/` must leave Xero's rows out in that very query.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.settings import PROJECT_ROOT
from ml import feature_queries

_TABLE = re.compile(r"\b(raw|staging|unified|marts)\.([a-z_0-9]+)\b")
_LEFT_OUT = re.compile(
    r"provider\s*(!=|<>)\s*'xero'|provider\s+not\s+in\s*\([^)]*'xero'"
    r"|provider\s+in\s*\((?:(?!'xero')[^)])*\)",
    re.I,
)
# Xero's own tables, and those that a step outside dbt writes from the books.
_SOURCES_OF_XERO = frozenset({"xero", "reconciliation"})
_ROOMS = ("assets", "benchmarks", "ml", "oppulence", "orchestration", "pipelines", "serving")


def of_xero(manifest: Mapping[str, Any]) -> set[str]:
    """Every table (`unified.accounting_entries`) that may hold what a Xero row said."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    reads: dict[str, set[str]] = {id: set(manifest["parent_map"].get(id, [])) for id in nodes}
    for id, node in manifest["nodes"].items():
        # A feed writes into its target: rows go from what the feed reads into the target.
        if node["config"].get("materialized") == "materialized_view":
            target = node["name"].rsplit("__", 1)[0]
            for parent in manifest["parent_map"][id]:
                if manifest["nodes"].get(parent, {}).get("name") == target:
                    reads[parent] |= {id}
                    reads[id] = reads[id] - {parent}
    tainted = {
        id for id, node in manifest["sources"].items() if node["source_name"] in _SOURCES_OF_XERO
    }
    while True:
        more = {id for id, parents in reads.items() if parents & tainted} - tainted
        if not more:
            break
        tainted |= more
    return {
        f"{nodes[id]['schema']}.{nodes[id].get('identifier') or nodes[id]['name']}"
        for id in tainted
        if id.startswith(("source.", "model."))
    }


def texts(source: str) -> Iterator[str]:
    """Every string of a Python source, formatted ones put together again."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            inside |= {id(part) for part in node.values}
            yield "".join(str(part) for part in parts)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            yield node.value


def breaches(source: str, tainted: set[str]) -> list[str]:
    """The tables that a source reads with Xero's rows in them."""
    return [
        table
        for text in texts(source)
        for table in (".".join(found) for found in _TABLE.findall(text))
        if table in tainted and not _LEFT_OUT.search(text)
    ]


def written(path: Path) -> str:
    """A source; of the module of queries the queries themselves, as they are sent."""
    if path == Path(str(feature_queries.__file__)):
        return "\n".join(f"{name} = {sql!r}" for name, sql in feature_queries.QUERIES.items())
    return path.read_text()


def feature_code() -> Sequence[Path]:
    """What feeds models: `ml/` itself, and every package folder with a module that imports it."""
    files = [path for room in _ROOMS for path in (PROJECT_ROOT / room).rglob("*.py")]
    imports = re.compile(r"^\s*(from|import) ml\b", re.M)
    folders = {path.parent for path in files if imports.search(path.read_text())}
    return [path for path in files if path.parts[len(PROJECT_ROOT.parts)] == "ml"
            or (path.parent in folders and imports.search(path.read_text()))]  # fmt: skip


@pytest.fixture(scope="module")
def tainted(manifest: dict[str, Any]) -> set[str]:
    return of_xero(manifest)


def test_lineage_finds_what_holds_xeros_rows_and_nothing_else(tainted: set[str]) -> None:
    assert {
        "raw.xero_invoice", "staging.stg_xero__invoices", "unified.accounting_documents",
        "unified.accounting_entries", "unified.accounting_accounts", "unified.accounting_contacts",
        "unified.rejected_rows",
    } <= tainted  # fmt: skip
    clean = {
        "raw.quickbooks_invoice", "staging.stg_quickbooks__invoices", "raw.stripe_charge",
        "unified.transactions", "unified.accounts", "unified.customers", "unified.invoices",
        "marts.fct_mrr_daily",
    }  # fmt: skip
    assert not clean & tainted


def test_no_feature_label_or_evaluation_derives_from_a_row_of_xero(tainted: set[str]) -> None:
    code = feature_code()
    assert len(code) > 10
    found = {
        str(path.relative_to(PROJECT_ROOT)): tables
        for path in code
        if (tables := breaches(written(path), tainted))
    }
    assert found == {}, "leave Xero's rows out in the query itself: provider != 'xero'"


def test_every_table_that_mixes_xero_with_others_says_whose_a_row_is(
    manifest: dict[str, Any], tainted: set[str]
) -> None:
    """Else nobody could leave Xero's rows out."""
    for node in manifest["nodes"].values():
        name = f"{node['schema']}.{node['name']}"
        is_feed = node["config"].get("materialized") == "materialized_view"
        is_mixed = name in tainted and not name.endswith("__xero")
        if is_mixed and node["schema"] == "unified" and not is_feed:
            columns = {*node["columns"]}
            assert "provider" in columns or "source_table" in columns, name


@pytest.mark.parametrize(
    ("query", "caught"),
    [
        ("select account_id from unified.accounting_entries", True),
        ("select 1 from unified.accounting_entries where provider = 'xero'", True),
        ("select 1 from raw.xero_bank_transaction", True),
        ("select 1 from unified.accounting_entries where provider != 'xero'", False),
        ("select 1 from unified.accounting_entries where provider not in ('xero')", False),
        ("select 1 from unified.accounting_entries where provider in ('stripe', 'xero')", True),
        ("select 1 from unified.accounting_entries where provider in ('stripe')", False),
        ("select 1 from unified.transactions", False),
    ],
)
def test_a_planted_query_is_caught(tainted: set[str], query: str, caught: bool) -> None:
    for source in (f"Q = {query!r}", f'Q = f"""{query} and {{x}}"""'):
        assert bool(breaches(source, tainted)) == caught
