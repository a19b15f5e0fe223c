"""Where does Dagster keep its runs? DAGSTER_HOME in the data folder, storage in Postgres.

`dagster.yaml` beside this file is the one description of the instance. The front door calls
`prepare_home` before it starts webserver and daemon; code that runs assets in its own process calls
`open_instance`, which needs no environment variable and shows its runs in the same UI.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef

from core.settings import Settings

INSTANCE_FILE = Path(__file__).with_name("dagster.yaml")


def dagster_home(settings: Settings) -> Path:
    """Return the folder that DAGSTER_HOME names."""
    return settings.data_dir / "dagster"


def prepare_home(settings: Settings) -> Path:
    """Put today's `dagster.yaml` into DAGSTER_HOME and return that folder; idempotent."""
    home = dagster_home(settings)
    home.mkdir(parents=True, exist_ok=True)
    placed, wanted = home / "dagster.yaml", INSTANCE_FILE.read_bytes()
    if not placed.is_file() or placed.read_bytes() != wanted:
        placed.write_bytes(wanted)
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """Open the instance on the settings' Postgres for use in this process.

    Raises:
        ConfigurationError: `dagster_database_url` is not set.
    """
    home = prepare_home(settings)
    storage = {
        "custom": {
            "module": "orchestration.storage",
            "class": "PostgresStorage",
            "config": {"postgres_url": settings.required("dagster_database_url")},
        }
    }
    with DagsterInstance.from_ref(
        InstanceRef.from_dir(str(home), overrides={"storage": storage})
    ) as instance:
        yield instance
