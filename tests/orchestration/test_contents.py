"""What Dagster is given: a plain list that a moved asset or job changes visibly.

Update the committed list after a deliberate change:

    .venv/bin/python tests/orchestration/test_contents.py
"""

import subprocess
import sys
from pathlib import Path

import pytest
from dagster import DagsterInstance, Definitions, RunRequest, SkipReason, build_schedule_context

from core.settings import Settings
from orchestration.definitions import (
    enrichment_definitions,
    ingest_definitions,
    model_definitions,
    reconciliation_definitions,
    recovery_definitions,
    with_resources,
)

SNAPSHOT = Path(__file__).with_name("snapshots") / "contents.txt"
# Whatever reads settings, the clock or the network, or starts a child process, while importing is
# named; `file` is croniter's, which asks whether Python has 32 bits.
IMPORT_ALONE = """
import sys
import core.clock, core.settings
def refuse(*_, **__): raise AssertionError("the import read settings or the clock")
core.settings.load_settings = core.settings.Settings.__init__ = core.clock.utc_now = refuse
def watch(event, arguments):
    if event == "subprocess.Popen" and arguments[0] == "file":
        return
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
        raise AssertionError(f"the import did {event} {arguments}")
sys.addaudithook(watch)
import orchestration.definitions
import orchestration.runs, orchestration.submission
"""


def everything() -> Definitions:
    return with_resources(
        Definitions.merge(
            ingest_definitions(),
            model_definitions(Settings()),
            reconciliation_definitions(),
            enrichment_definitions(),
            recovery_definitions(),
        )
    )


def contents(definitions: Definitions) -> str:
    """Write assets with group and dependencies' count, checks, jobs, schedules and sensors."""
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    nodes = [graph.get(key) for key in sorted(graph.executable_asset_keys)]
    sections = {
        "assets": [
            f"{n.key.to_user_string()} [{n.group_name}]"
            + (" by connection" if n.partitions_def else "")
            for n in nodes
        ],
        "checks": [
            f"{key.asset_key.to_user_string()}: {key.name}"
            for key in sorted(graph.asset_check_keys, key=str)
        ],
        "jobs": sorted(name for name in repository.job_names if not name.startswith("__")),
        "schedules": [f"{s.name}: {s.cron_schedule}" for s in repository.schedule_defs],
        "sensors": [s.name for s in repository.sensor_defs],
    }
    parts = [f"# {title}\n" + "\n".join(sorted(lines)) for title, lines in sections.items()]
    return "\n\n".join(parts) + "\n"


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return everything()


def test_every_check_is_asked_by_some_clock(definitions: Definitions):
    """What only a person starts is not known to be broken until one does."""
    repository = definitions.get_repository_def()
    asked = {
        key
        for clock in repository.schedule_defs
        for key in repository.get_job(clock.job_name).asset_layer.asset_graph.asset_check_keys
    }
    assert repository.asset_graph.asset_check_keys - asked == set()
    assert len(asked) > 200


def test_contents_are_as_committed(definitions: Definitions):
    assert contents(definitions) == SNAPSHOT.read_text(), "deliberate? see this file's docstring"


def test_every_dbt_source_is_an_asset_that_a_provider_fills(definitions: Definitions):
    graph = definitions.get_repository_def().asset_graph
    unfilled = {key.to_user_string() for key in graph.external_asset_keys}
    assert unfilled == set()


def test_schedules_skip_until_something_is_connected(definitions: Definitions, tmp_path: Path):
    schedules = definitions.get_repository_def().schedule_defs
    ours = [schedule for schedule in schedules if schedule.name.startswith("stripe_")]

    with DagsterInstance.local_temp(str(tmp_path)) as instance:

        def tick() -> list[type]:
            return [type(s(build_schedule_context(instance=instance))) for s in ours]

        assert tick() == [SkipReason] * 3
        instance.add_dynamic_partitions("stripe_connections", ["ws_a|conn_a"])
        assert tick() == [RunRequest] * 3


def test_importing_the_definitions_reads_nothing():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALONE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_dagster_validates_the_definitions(definitions: Definitions):
    Definitions.validate_loadable(definitions)  # what `dagster definitions validate` asks


if __name__ == "__main__":
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(contents(everything()))
