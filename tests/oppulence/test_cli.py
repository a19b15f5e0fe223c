"""Does the command line answer at once, explain itself, and fail in two lines?"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId
from tests.oppulence.conftest import run_command

COMMANDS = [
    "up", "demo", "connect", "sync", "backfill", "status", "doctor", "migrate", "worker",
    "workspace", "key",
]  # fmt: skip


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom oppulence.cli import app\n"
        "print(CliRunner().invoke(app, ['--help']).output)\n"
        "heavy = {'dagster', 'dlt', 'pyarrow', 'fastapi', 'psycopg', 'alembic', 'pydantic'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout
    assert [name for name in COMMANDS if not re.search(rf"^. {name} ", shown, re.M)] == []
    assert "HEAVY []" in shown


def test_a_foreseen_failure_is_two_lines_and_its_own_exit_code(tmp_path: Path) -> None:
    done = run_command(Settings(data_dir=tmp_path), "connect", "plaidd")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "The input is not valid: There is no provider 'plaidd'.",
        "Next step: One of: stripe, plaid, gocardless, teller, enablebanking, quickbooks, xero.",
    ]
    shown = run_command(Settings(data_dir=tmp_path), "--debug", "connect", "plaidd")
    assert "Traceback" in shown.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = run_command(Settings(data_dir=tmp_path), "status", OPPULENCE_API_PORT="eighty")
    assert done.returncode == 78
    assert "OPPULENCE_API_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_connect_without_a_key_or_a_terminal_says_what_to_set(postgres: Settings) -> None:
    done = run_command(postgres, "connect", "stripe")
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == (
        "Next step: Set STRIPE_API_KEY, or run this in a terminal."
    )


def test_a_workspace_and_a_key_are_made_and_the_key_is_shown_once(postgres: Settings) -> None:
    made = run_command(postgres, "workspace", "create", "ws_cli", "--name", "Cli", "--json")
    assert json.loads(made.stdout) == {"workspace": "ws_cli", "created": True}
    again = run_command(postgres, "workspace", "create", "ws_cli", "--json")
    assert json.loads(again.stdout) == {"workspace": "ws_cli", "created": False}
    key = json.loads(
        run_command(postgres, "key", "create", "--workspace", "ws_cli", "--json").stdout
    )
    assert key["workspace"] == "ws_cli"
    assert len(key["key"]) > 40


def test_a_workspaces_limits_are_set_and_shown(postgres: Settings) -> None:
    run_command(postgres, "workspace", "create", "ws_limits")
    words = ("workspace", "limits", "ws_limits", "--json")
    usual = {
        "workspace": "ws_limits", "requests_per_minute": None, "syncs_per_day": None,
        "exports_per_day": None,
    }  # fmt: skip
    assert json.loads(run_command(postgres, *words, "--syncs-per-day", "7").stdout) == (
        usual | {"syncs_per_day": 7}
    )
    assert json.loads(run_command(postgres, *words, "--syncs-per-day", "0").stdout) == usual
    database = Database.connect(postgres, size=1)
    with database.tenant(TenantId("ws_limits")) as rows:
        logged = rows.execute(
            "select details -> 'after' ->> 'syncs_per_day' as after from audit_log"
            " where action = 'workspace.limits_changed' order by occurred_at"
        ).fetchall()
    database.close()
    assert [one["after"] for one in logged] == ["7", None]  # and nothing for one that only asks
    unknown = run_command(postgres, "workspace", "limits", "ws_nobody")
    assert (unknown.returncode, "There is no workspace" in unknown.stderr) == (1, True)


def test_doctor_finds_everything_well_on_running_engines(engines: Settings) -> None:
    done = run_command(engines, "doctor", "--json")
    findings = {f["subject"]: f for f in json.loads(done.stdout)["findings"]}
    assert list(findings) == [
        "python", "packages", "disk", "keys", "ports", "dbt", "stripe",
        "clickhouse", "postgres", "redis",
    ]  # fmt: skip
    own = {name: f["verdict"] for name, f in findings.items() if name not in {"ports", "stripe"}}
    assert own == dict.fromkeys(own, "ok"), findings
    assert findings["clickhouse"]["detail"].startswith("external, version 26.")
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("variables", "subject", "detail"),
    [
        ({"OPPULENCE_ENCRYPTION_KEYS": "short"}, "keys", "must hold keys of 32 bytes"),
        ({"OPPULENCE_REDIS_URL": "redis://127.0.0.1:1"}, "redis", "external: "),
        ({"OPPULENCE_DBT_PROJECT_DIR": "/nowhere"}, "dbt", "no dbt project in /nowhere"),
    ],
)
def test_doctor_names_what_is_wrong_with_its_next_step(
    engines: Settings, variables: dict[str, str], subject: str, detail: str
) -> None:
    done = run_command(engines, "doctor", "--json", **variables)
    found = {f["subject"]: f for f in json.loads(done.stdout)["findings"]}[subject]
    assert found["verdict"] in {"warn", "fail"}
    assert detail in found["detail"]
    assert found["next_step"]
    assert done.returncode == (0 if found["verdict"] == "warn" else 1)


def test_doctor_makes_a_new_key(tmp_path: Path) -> None:
    done = run_command(Settings(data_dir=tmp_path), "doctor", "--new-key")
    Fernet(done.stdout.strip())
