"""The import rules hold, and they would notice: a planted violation is caught."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).parent / "lint-imports"
ROOMS = [
    "assets", "core", "linking", "local", "ml", "oppulence", "orchestration", "pipelines",
    "reconciliation", "recovery", "sandbox", "serving",
]  # fmt: skip


@pytest.mark.parametrize(
    ("room", "statement"),
    [
        ("core", "import pipelines"),
        ("serving", "import pipelines"),
        ("serving", "import dagster"),
        ("pipelines", "import dagster"),
        ("sandbox", "import local"),
        ("assets", "import orchestration"),
        ("orchestration", "import dlt"),
        ("pipelines", "import fastapi"),
        ("orchestration", "import serving"),
        ("ml", "import pipelines"),
        ("reconciliation", "import ml"),
        ("recovery", "import serving.app"),
    ],
)
def test_a_forbidden_import_is_caught(tmp_path, room, statement):
    for name in ROOMS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / room / "planted.py").write_text(statement + "\n")
    config = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(config)
    result = subprocess.run(
        [LINT, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{room}.planted" in result.stdout
