"""Is the production compose file true to the code? No engine for containers is needed to say so."""

import json
import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.settings import ENVIRONMENT_PREFIX, PROJECT_ROOT, Settings
from local.services import CODE_MODULE, DagsterPlace, api_part, code_part, worker_part

TEXT = (PROJECT_ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"].startswith("oppulence:")}
# Variables that are not ours, as the images' and libraries' own pages document them.
DOCUMENTED = {
    "oppulence": {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION",  # obstore, as AWS' own tools
        "DAGSTER_HOME",
        "FORWARDED_ALLOW_IPS",  # uvicorn
    },
    "clickhouse/clickhouse-server": {
        "CLICKHOUSE_USER", "CLICKHOUSE_PASSWORD", "CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT",
    },
    "postgres": {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "POSTGRES_INITDB_ARGS"},
    "valkey/valkey": {"VALKEY_EXTRA_FLAGS", "REDISCLI_AUTH"},
    "chrislusf/seaweedfs": {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
}  # fmt: skip


def known_variables() -> set[str]:
    return {ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields}


def dockerfile_variables() -> set[str]:
    text = (PROJECT_ROOT / "Dockerfile").read_text().replace("\\\n", "")
    return set(re.findall(r"\b((?:OPPULENCE|DAGSTER)_[A-Z_]+)=", text))


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_is_a_setting_or_documented_by_its_image(name: str) -> None:
    service = SERVICES[name]
    image = service["image"].split(":")[0]
    allowed = DOCUMENTED[image] | (known_variables() if image == "oppulence" else set())
    assert set(service.get("environment", {})) <= allowed


def test_the_image_sets_settings_that_exist() -> None:
    assert dockerfile_variables() == {
        "OPPULENCE_DATA_DIR", "OPPULENCE_LOG_FORMAT", "DAGSTER_HOME",
    }  # fmt: skip
    assert dockerfile_variables() - {"DAGSTER_HOME"} <= known_variables()


def test_no_secret_has_a_default_and_each_is_in_the_example() -> None:
    without_default = set(re.findall(r"\$\{([A-Z_]+):\?[^}]+\}", TEXT))
    others = set(re.findall(r"\$\{([A-Z_]+)(?!:\?)[^A-Z_]", TEXT)) - without_default
    assert others == {"OPPULENCE_VERSION"}
    example = (PROJECT_ROOT / "deploy" / "example.env").read_text()
    assert set(re.findall(r"^([A-Z_]+)=$", example, re.M)) == without_default
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|_URL$|FLAGS|AUTH$", variable):
                if value is None:  # passed on from the environment, where it is set
                    continue
                is_plain = value in {"s3://oppulence", "http://webserver:3000"}
                assert is_plain or ":?" in value, f"{name}: {variable} is written down"


def test_every_image_is_pinned_and_ours_does_not_run_as_root() -> None:
    for service in SERVICES.values():
        tag = service["image"].partition(":")[2]
        assert re.search(r"\d+\.\d+", tag), service["image"]
        assert "latest" not in tag
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text()
    assert "\nUSER oppulence\n" in dockerfile
    assert re.findall(r"^FROM (\S+)", dockerfile, re.M) == ["python:3.11.14-slim-bookworm"] * 2


def test_every_service_that_stays_is_health_checked_and_engines_publish_no_port() -> None:
    assert {name for name, s in SERVICES.items() if "healthcheck" not in s} == {"migrate"}
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert published == {
        "api": ["127.0.0.1:8000:8000"],
        "webserver": ["127.0.0.1:3000:3000"],
    }


def test_nothing_of_ours_starts_before_the_migration_has_ended() -> None:
    after = {"migrate": {"condition": "service_completed_successfully"}}
    for name in ("api", "worker", "code"):
        assert OURS[name]["depends_on"] == after
    for name in ("webserver", "daemon"):
        assert OURS[name]["depends_on"] == {"code": {"condition": "service_healthy"}}


def test_only_the_migration_holds_the_owner_s_password_and_the_api_no_other_role_s() -> None:
    holders = {
        name for name, s in OURS.items() if "OPPULENCE_DATABASE_OWNER_URL" in s["environment"]
    }
    assert holders == {"migrate"}
    api = OURS["api"]["environment"]
    assert {name for name in api if "DATABASE" in name} == {"OPPULENCE_DATABASE_URL"}


def reachable_from(name: str) -> set[str]:
    """Return the services that share a network with this one: every port of theirs is open."""
    networks = set(SERVICES[name]["networks"])
    return {other for other, s in SERVICES.items() if networks & set(s["networks"])} - {name}


def test_only_orchestration_reaches_the_process_that_runs_any_code_it_is_sent() -> None:
    reach_code = {name for name in OURS if "code" in reachable_from(name)}
    assert reach_code == {"migrate", "worker", "webserver", "daemon"}
    assert reachable_from("api") == {"webserver", "clickhouse", "postgres", "redis", "objects"}
    assert {name for name in SERVICES if "redis" in reachable_from(name) and name in OURS} == {
        "api", "webserver",
    }  # fmt: skip


def test_ways_out_are_for_those_that_ask_providers_or_publish_a_port() -> None:
    networks = COMPOSE["networks"]
    assert {n for s in SERVICES.values() for n in s["networks"]} == set(networks)
    open_ones = {name for name, told in networks.items() if not (told or {}).get("internal")}
    way_out = {name for name, s in SERVICES.items() if open_ones & set(s["networks"])}
    assert way_out == {"api", "webserver", "worker", "code"}
    for name in open_ones - {"outbound"}:
        assert len([s for s in SERVICES.values() if name in s["networks"]]) == 1


def test_what_each_service_asks_for_is_within_its_reach() -> None:
    for name, service in OURS.items():
        for variable, value in service["environment"].items():
            host = re.search(r"(?:@|//)([a-z]+):\d+", str(value))
            unused = {"OPPULENCE_REDIS_URL", "OPPULENCE_DAGSTER_URL"} if name != "api" else set()
            if host and variable not in unused:
                assert host[1] in reachable_from(name), f"{name} cannot reach {value}"
        for needed in service["depends_on"]:
            assert needed in SERVICES
    code = OURS["webserver"]["command"]
    assert code[code.index("--grpc-host") + 1] in reachable_from("webserver")


def test_the_api_reads_clickhouse_as_a_user_that_the_migration_makes_for_it() -> None:
    url = "OPPULENCE_CLICKHOUSE_URL"
    reader = OURS["migrate"]["environment"]["OPPULENCE_CLICKHOUSE_READER_URL"]
    assert OURS["api"]["environment"][url] == reader
    assert reader.startswith("http://oppulence_reader:${CLICKHOUSE_READER_PASSWORD:?")
    writers = {name for name, s in OURS.items() if "//oppulence:" in s["environment"][url]}
    assert writers == set(OURS) - {"api"}
    assert not any("CLICKHOUSE_PASSWORD:?" in str(v) for v in OURS["api"]["environment"].values())
    assert OURS["api"]["volumes"] == [], "Dagster's home is on the volume"


def test_the_commands_are_those_that_run_on_one_machine(tmp_path: Path) -> None:
    settings, place = Settings(data_dir=tmp_path), DagsterPlace(tmp_path, 4000)
    assert OURS["api"]["command"] == ["python", *api_part(settings).command[1:]]
    assert worker_part(settings).command[1:] == ("-m", *OURS["worker"]["command"])
    loopback = code_part(settings, place).command[2:]
    assert loopback[:5] == tuple(OURS["code"]["command"][:5])
    assert loopback[4] == CODE_MODULE


# One process for all of them: what they import, Dagster above all, costs seconds.
SHOW_HELP = """
import contextlib, io, json, os, sys
from importlib.metadata import entry_points
answers, os._exit = [], sys.exit  # a command of ours ends the process itself, well and at once
for program, *words in json.loads(sys.argv[1]):
    (found,) = entry_points(group="console_scripts", name=program)
    start, sys.argv, out, code = found.load(), [program, *words, "--help"], io.StringIO(), None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            start()
        except SystemExit as end:
            code = end.code
    answers.append({"code": code, "text": out.getvalue()})
print(json.dumps(answers))
"""


def starting_commands() -> list[list[str]]:
    """Return every command and healthcheck of ours that is a program with options."""
    commands = [s["command"] for s in OURS.values()]
    commands += [s["healthcheck"]["test"][1:] for s in OURS.values() if "healthcheck" in s]
    return [command for command in commands if command[0] != "python"]


def test_every_command_is_one_that_starts_here_with_these_options() -> None:
    commands = starting_commands()
    assert len(commands) == 8
    options = [[word for word in command if word[0] == "-"] for command in commands]
    words = [list(takewhile(lambda word: word[0] != "-", command)) for command in commands]
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_HELP, json.dumps(words)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for command, named, answer in zip(commands, options, json.loads(shown.stdout), strict=True):
        assert answer["code"] in (0, None), f"{command}: {answer['text'][-300:]}"
        assert [option for option in named if option not in answer["text"]] == [], command
