"""Does every model keep the project's rules? Programs over dbt's manifest, each with its reason."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.money import DEFAULT_EXPONENT, EXPONENTS, STRIPE_EXPONENTS
from core.settings import PROJECT_ROOT
from tests.streaming_tables import granules

PROJECT = PROJECT_ROOT / "dbt"
READ_BY_TIME = {"transactions_by_time", "fct_ledger_entries_by_time"}
WARN_LINES, FAIL_LINES = 300, 500


@pytest.fixture(scope="session")
def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Every model of ours, as dbt understood it."""
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def folder(model: dict[str, Any]) -> str:
    return Path(model["original_file_path"]).parts[1]


def test_each_model_has_its_yml_beside_it_and_says_what_a_row_is(
    models: list[dict[str, Any]],
) -> None:
    for model in models:
        path = PROJECT / model["original_file_path"]
        assert path.with_suffix(".yml").is_file(), f"{path.name}: no .yml beside it"
        first = model["description"].strip()
        is_view_into = model["config"]["materialized"] == "materialized_view"
        assert is_view_into or first.startswith("One row per "), (
            f"{model['name']}: the description's first sentence states the grain: 'One row per …'"
        )
        assert len(first) > 20, f"{model['name']}: the description says nothing"


def test_databases_are_literally_the_layers(models: list[dict[str, Any]]) -> None:
    for model in models:
        assert model["schema"] == folder(model), f"{model['name']} is in {model['schema']}"


def test_names_follow_their_layer(models: list[dict[str, Any]]) -> None:
    patterns = {
        "staging": r"stg_[a-z]+__[a-z_]+",
        "unified": r"[a-z]+(_[a-z]+)*(__[a-z]+(_[a-z]+)*)?",
        "marts": r"(int_[a-z]+__|fct_|dim_)[a-z_]+",
    }
    for model in models:
        assert re.fullmatch(patterns[folder(model)], model["name"]), model["name"]
        if model["config"]["materialized"] == "materialized_view":
            target = model["name"].rsplit("__", 1)[0]
            assert f"ref('{target}')" in model["raw_code"], f"{model['name']} feeds another table"


def test_tables_are_ordered_by_tenant_and_replace_by_version(models: list[dict[str, Any]]) -> None:
    for model in models:
        config = model["config"]
        if config["materialized"] in ("table", "incremental"):
            name = model["name"]
            assert config["engine"] == "ReplacingMergeTree(version, is_deleted)", name
            by_tenant = ["workspace_id", "connection_id"]
            # Decision 0020: what is read by time has its ids in the key's second half.
            assert config["order_by"][:2] == by_tenant or name in READ_BY_TIME, name
            assert config["order_by"][0] == "workspace_id", name
            assert set(by_tenant) <= set(config["order_by"]), name
            assert config.get("incremental_strategy") in (None, "append"), (
                f"{name}: delete+insert rewrites parts and blocks readers; append newer versions"
            )
            assert "unique_key" not in config or not config["unique_key"], name


def test_no_refresh_builds_the_ledger_anew(models: list[dict[str, Any]]) -> None:
    """When each entry was written, and what was taken back, is in its rows and nowhere else."""
    kept = [m["name"] for m in models if m["config"].get("full_refresh") is False]
    assert kept == ["fct_ledger_entries"]


def test_streaming_targets_are_rebuilt_beside_the_old_one(models: list[dict[str, Any]]) -> None:
    for model in models:
        if folder(model) != "marts" and model["config"]["materialized"] != "materialized_view":
            config = model["config"]
            is_view = config["materialized"] == "view"
            assert is_view or config["repopulate_from_mvs_on_full_refresh"], model["name"]
            assert is_view or model["raw_code"].strip().endswith("{{ empty_table() }}")


def test_marts_have_contracts_and_say_what_each_column_is(models: list[dict[str, Any]]) -> None:
    for model in models:
        columns = model["columns"].values()
        if folder(model) == "marts":
            assert model["config"]["contract"]["enforced"], f"{model['name']}: no contract"
            assert columns, model["name"]
        for column in columns:
            assert column["description"], f"{model['name']}.{column['name']}: no description"


def test_every_test_of_its_own_guards_one_model(manifest: dict[str, Any]) -> None:
    """Dagster makes a check of it then; without a model it would run in no job."""
    nodes = manifest["nodes"].values()
    tests = [node for node in nodes if node["resource_type"] == "test"]
    alone = [test for test in tests if not test.get("attached_node")]
    assert len(alone) >= 6
    for test in alone:
        parents = {node.rsplit(".", 1)[-1] for node in test["depends_on"]["nodes"]}
        named = test["config"]["meta"].get("dagster", {}).get("ref", {}).get("name")
        assert len(parents) == 1 or named in parents, (
            f"{test['name']}: say which model it guards, config(meta={{'dagster': {{'ref': …}}}})"
        )


def test_no_data_test_asks_what_final_makes_true(
    models: list[dict[str, Any]], manifest: dict[str, Any]
) -> None:
    """FINAL shows one row per sorting key: a test of that reads everything and cannot fail."""
    order = {model["unique_id"]: set(model["config"].get("order_by") or []) for model in models}
    tests = [n for n in manifest["nodes"].values() if n["name"].startswith("one_row_per")]
    assert tests
    for test in tests:
        key = set(test["test_metadata"]["kwargs"]["key"])
        assert not order[test["attached_node"]] <= key, f"{test['name']} cannot fail"


def test_feeds_name_the_fields_of_a_tuple_through_parentheses(
    models: list[dict[str, Any]], manifest: dict[str, Any]
) -> None:
    """ClickHouse looks `object.amount` up in every scope, 1 to 2 ms of CPU per field and insert.

    `(object).amount` is the field of an expression, found at once.
    """
    feeds = {
        model["name"]: model["raw_code"]
        for model in models
        if model["config"]["materialized"] == "materialized_view"
    }
    ours = (macro for macro in manifest["macros"].values() if macro["package_name"] == "oppulence")
    read = feeds | {macro["name"]: macro["macro_sql"] for macro in ours}
    assert "(object).amount" in read["stg_stripe__charges__feed"]
    for name, text in read.items():
        code = re.sub(r"--.*", "", text)
        extracted = re.findall(r"\)(?:\.\w+)* as (\w+)", code.lower().partition("select")[0])
        for one in {"object", *extracted, *re.findall(r"\b(\w+) ->", code)}:
            looked_up = re.search(rf"(?<![\w.)]){one}\.[A-Za-z_]\w*", code)
            assert not looked_up, f"{name}: write ({one}).field, not {looked_up}"


def test_a_table_of_named_tuples_is_not_compared_with_itself(models: list[dict[str, Any]]) -> None:
    """dbt reads such a type with quotes from a query and without from a table: each run fails."""
    for model in models:
        types = [column.get("data_type") or "" for column in model["columns"].values()]
        if any(re.search(r"Tuple\(\w+ ", text) for text in types):
            is_table = model["config"]["materialized"] == "table"
            assert not is_table or model["config"]["mv_on_schema_change"] == "ignore", model["name"]


def test_tables_are_kept_finely_and_their_projections_right(models: list[dict[str, Any]]) -> None:
    kept = {
        model["name"]: (model["config"]["settings"], bool(model["config"].get("projections")))
        for model in models
        if model["config"].get("settings")
    }
    assert len(kept) > 30
    for name, (settings, has_projections) in kept.items():
        assert settings == granules(has_projections), name
    assert sorted(name for name, (_, has_projections) in kept.items() if has_projections) == [
        "invoice_lines", "invoice_payments", "payment_attempts", "transactions_by_time",
    ]  # fmt: skip


def test_unit_tests_are_of_marts_and_each_has_a_name_of_its_own(manifest: dict[str, Any]) -> None:
    """A name is part of its helper tables', which are made and dropped beside the marts."""
    tests = list(manifest["unit_tests"].values())
    assert len(tests) >= 14
    assert {test["schema"] for test in tests} == {"marts"}
    names = sorted(test["name"] for test in tests)
    assert names == sorted(set(names))
    assert [name for name in names if not re.fullmatch(r"\w+", name)] == []


def test_money_is_never_a_float(models: list[dict[str, Any]]) -> None:
    for model in models:
        for column in model["columns"].values():
            assert "Float" not in (column.get("data_type") or ""), model["name"]
            if column["name"].endswith("_minor"):
                assert column["data_type"] in ("Int64", "Nullable(Int64)"), column


def test_a_feed_waits_for_what_fills_its_source(models: list[dict[str, Any]]) -> None:
    """Else its catch-up could read a table that another view is still filling, and miss rows."""
    by_id = {model["unique_id"]: model for model in models}
    feeds = [m for m in models if m["config"]["materialized"] == "materialized_view"]
    for feed in feeds:
        for needed in feed["depends_on"]["nodes"]:
            source = by_id.get(needed)
            if source and source["schema"] == "staging" and feed["schema"] == "unified":
                fillers = {
                    f["unique_id"] for f in feeds if f["name"].startswith(f"{source['name']}__")
                }
                missing = fillers - set(feed["depends_on"]["nodes"])
                assert not missing, f"{feed['name']} must depend on {missing}"


def test_files_stay_small_and_macros_few() -> None:
    for path in PROJECT.rglob("*"):
        if path.suffix in (".sql", ".yml") and "target" not in path.parts:
            lines = len(path.read_text().splitlines())
            assert lines <= FAIL_LINES, f"{path}: {lines} lines"
    # Shapes are of one provider or layer.
    shapes = {"computed_row", "gocardless_lines", "journal_table", "quickbooks_document"}
    shapes |= {"changes"}
    # And these say how the adapter fills tables, makes views, runs unit tests: no model calls them.
    shapes |= {"filling", "views", "unit_tests"}
    # What two feeds of one provider read alike.
    alike = {"call_budgets", "quickbooks_parties", "stripe_discounts", "stripe_invoice_lines"}
    alike |= {"stripe_subscription_items"}
    macros = {path.stem for path in (PROJECT / "macros").glob("*.sql")}
    assert len(macros - shapes - alike) <= 15
    assert len(shapes) <= 10
    assert len(alike) <= 5
    assert not list(PROJECT.rglob("__init__.py")), "dbt breaks on an __init__.py in its project"


def test_exponents_are_core_moneys(manifest: dict[str, Any]) -> None:
    with (PROJECT / "seeds" / "currency_exponents.csv").open() as file:
        seed = {row["currency"]: row for row in csv.DictReader(file)}
    assert {code: int(row["exponent"]) for code, row in seed.items()} == {
        code: EXPONENTS.get(code, DEFAULT_EXPONENT) for code in {*EXPONENTS, *STRIPE_EXPONENTS}
    }
    assert {code: int(row["stripe_exponent"]) for code, row in seed.items()} == {
        code: STRIPE_EXPONENTS.get(code, EXPONENTS.get(code, DEFAULT_EXPONENT)) for code in seed
    }
    macro = manifest["macros"]["macro.oppulence.iso_minor"]["macro_sql"]
    assert "stripe_extra_decimals" in macro
    project = (PROJECT / "dbt_project.yml").read_text()
    found = re.search(r"stripe_extra_decimals: \{(.*)\}", project)
    assert found is not None
    extra = {
        code: int(decimals) for code, decimals in re.findall(r"([A-Z]{3}): (-?\d+)", found.group(1))
    }
    assert extra == {
        code: wire - EXPONENTS.get(code, DEFAULT_EXPONENT)
        for code, wire in STRIPE_EXPONENTS.items()
    }
    assert yaml.safe_load(project)["vars"]["iso_exponents"] == EXPONENTS
