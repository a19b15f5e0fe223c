"""Do dbt's unit tests fail where they should? How they run is our own (macros/unit_tests.sql)."""

import copy
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from core.settings import PROJECT_ROOT, Settings
from core.warehouse import Warehouse

MODEL = Path("models/marts/usage/fct_usage.yml")


def test_a_unit_test_fails_where_its_expectation_does(
    built: Warehouse, clickhouse: Settings, tmp_path: Path
) -> None:
    project, target = tmp_path / "project", tmp_path / "target"
    shutil.copytree(PROJECT_ROOT / "dbt", project, ignore=shutil.ignore_patterns("target", "logs"))
    said = yaml.safe_load((project / MODEL).read_text())
    (true,) = said["unit_tests"]
    first, second = true["expect"]["rows"]
    expected: dict[str, list[dict[str, Any]]] = {
        "as_it_is": [first, second],
        "in_another_order": [second, first],
        "of_fewer_columns": [{"meter_id": "mtr_calls"}, {"meter_id": "price_old"}],
        "another_value": [first | {"billed_minor": 494}, second],
        "a_row_too_few": [first],
        "a_row_too_many": [first, second, second],
        "none": [],
    }
    said["unit_tests"] = [
        copy.deepcopy(true) | {"name": name, "expect": {"rows": rows}}
        for name, rows in expected.items()
    ]
    (project / MODEL).write_text(yaml.safe_dump(said, sort_keys=False))
    subprocess.run(
        [
            Path(sys.executable).with_name("dbt"), "--quiet", "--log-path", target, "test",
            "--select", "fct_usage,test_type:unit", "--target-path", target,
            "--project-dir", project, "--profiles-dir", project,
        ],
        env=clickhouse.dbt_environment(), check=False, capture_output=True,
    )  # fmt: skip
    results = json.loads((target / "run_results.json").read_text())["results"]
    assert {
        result["unique_id"].rpartition(".")[2]: result["status"]
        for result in results
        if result["unique_id"].startswith("unit_test.")
    } == {
        "as_it_is": "pass", "in_another_order": "pass", "of_fewer_columns": "pass",
        "another_value": "fail", "a_row_too_few": "fail", "a_row_too_many": "fail", "none": "fail",
    }  # fmt: skip
    assert not built.rows(
        "select name from system.tables where match(name, '__(touched|fixture|lease)')"
    )
