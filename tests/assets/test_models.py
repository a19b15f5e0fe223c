"""dbt's nodes as assets: names, lineage through feeds, order of events, a manifest of today."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetObservation, Output
from dagster_dbt.errors import DagsterDbtCliRuntimeError
from pydantic import SecretStr

from assets.manifest import DBT_COMMAND, fingerprint, load_manifest, parsed_folder
from assets.models import in_lineage_order
from assets.translator import feeding, model_group, model_key
from core.errors import ConfigurationError
from core.settings import Settings

TARGET, FEED, SOURCE = "model.o.charges", "model.o.charges__feed", "source.o.raw.charge"
MART = "model.o.fct_charges"
MANIFEST: dict[str, Any] = {
    "nodes": {
        TARGET: {"name": "charges", "config": {"materialized": "incremental"}},
        FEED: {"name": "charges__feed", "config": {"materialized": "materialized_view"}},
        MART: {"name": "fct_charges", "config": {"materialized": "incremental"}},
    },
    "parent_map": {TARGET: [], FEED: [TARGET, SOURCE], MART: [TARGET]},
    "child_map": {TARGET: [FEED, MART], FEED: [], MART: [], SOURCE: [FEED]},
}


def test_a_target_is_fed_by_what_its_feeds_read():
    assert feeding(MANIFEST, TARGET) == [SOURCE]
    assert feeding(MANIFEST, FEED) == feeding(MANIFEST, MART) == []
    assert feeding(MANIFEST, SOURCE) == []


@pytest.mark.parametrize(
    ("folders", "group"),
    [
        (["staging", "stripe", "charges"], "staging_stripe"),
        (["unified", "transactions"], "unified"),
        (["marts"], "marts"),
    ],
)
def test_the_group_is_the_layer_and_for_staging_the_provider(folders: list[str], group: str):
    assert model_group({"fqn": ["oppulence", *folders, "name"]}) == group


def test_the_key_is_where_the_rows_are():
    model = {"schema": "unified", "alias": "transactions", "name": "unified_transactions"}
    source = {"schema": "raw", "identifier": "stripe_charge", "name": "charge"}
    assert model_key(model).path == ["unified", "transactions"]
    assert model_key(source).path == ["raw", "stripe_charge"]


def out(name: str) -> Output[Any]:
    return Output(None, output_name=name)


NEEDS = {
    "target": frozenset[str](),
    "feed": frozenset({"target"}),
    "above": frozenset({"feed"}),
    "mart": frozenset[str](),
}


def names(events: Iterator[Any]) -> list[str]:
    return [event.output_name if isinstance(event, Output) else "test" for event in events]


def test_outputs_follow_their_lineage_and_the_rest_is_told_at_once():
    events = [out("target"), out("above"), AssetObservation("x"), out("mart"), out("feed")]
    needs = NEEDS | {"above": frozenset({"target"})}
    told = names(in_lineage_order(events, needs, {"target"}))
    assert told[:3] == ["test", "mart", "target"]
    assert sorted(told[3:]) == ["above", "feed"]


def test_what_was_built_before_a_failure_is_told():
    def failing() -> Iterator[Any]:
        yield out("target")
        yield out("feed")
        raise DagsterDbtCliRuntimeError("one model failed")

    told: list[str] = []

    def listen() -> None:
        for event in in_lineage_order(failing(), NEEDS, {"target"}):
            told.extend(names(iter([event])))

    with pytest.raises(DagsterDbtCliRuntimeError):
        listen()
    assert told == ["target", "feed"]


def test_a_fresh_clone_gets_its_manifest_once_and_an_edit_makes_it_stale(tmp_path: Path):
    project = tmp_path / "dbt"
    (project / "models").mkdir(parents=True)
    shutil.copy(Settings().dbt_project_dir / "profiles.yml", project)
    (project / "dbt_project.yml").write_text(
        "name: small\nversion: '1.0'\nconfig-version: 2\nprofile: oppulence\n"
    )
    (project / "models" / "first.sql").write_text("select 1 as one")

    # A module that Python loads twice, as with `-m dbt.cli.main`, is a RuntimeWarning.
    strict = Settings().dbt_environment() | {"PYTHONWARNINGS": "error::RuntimeWarning"}
    manifest = load_manifest(project, strict)
    assert "model.small.first" in manifest["nodes"]
    written_at = (parsed_folder(project) / "manifest.json").stat().st_mtime_ns
    assert load_manifest(project, Settings().dbt_environment()) == manifest
    assert (parsed_folder(project) / "manifest.json").stat().st_mtime_ns == written_at
    mark = (parsed_folder(project) / "fingerprint.txt").read_text()
    assert mark == fingerprint(project)
    (project / "models" / "second.sql").write_text("select * from {{ ref('first') }}")
    assert mark != fingerprint(project)


def test_what_dbt_parsed_holds_for_another_address_but_not_for_another_user(tmp_path: Path):
    project = tmp_path / "dbt"
    (project / "models").mkdir(parents=True)
    shutil.copy(Settings().dbt_project_dir / "profiles.yml", project)
    (project / "dbt_project.yml").write_text(
        "name: small\nversion: '1.0'\nconfig-version: 2\nprofile: oppulence\n"
    )
    (project / "models" / "first.sql").write_text("select 1 as one")

    def said(url: str) -> str:
        done = subprocess.run(
            [*DBT_COMMAND, "--debug", "parse", "--project-dir", project, "--profiles-dir", project],
            env=Settings(clickhouse_url=SecretStr(url)).dbt_environment(),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    anew = "Unable to do partial parsing"
    assert anew in said("http://default@127.0.0.1:20001")
    assert anew not in said("http://default@127.0.0.2:20002")
    assert anew in said("http://another@127.0.0.2:20002")


def test_no_model_asks_for_the_address():
    folder = Settings().dbt_project_dir
    files = [*folder.rglob("*.sql"), *(path for path in folder.rglob("*.yml") if path.is_file())]
    asking = [
        path.name
        for path in files
        if "target" not in path.relative_to(folder).parts
        and re.search(r"target\.(host|port)|OPPULENCE_DBT_(HOST|PORT)", path.read_text())
    ]
    assert asking == ["profiles.yml"]


def test_a_folder_without_a_project_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no dbt project"):
        load_manifest(tmp_path, {})
