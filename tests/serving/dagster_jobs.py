"""A code location with the sync job's name and config, which does as files in its home say."""

import os
import time
from pathlib import Path

from dagster import Config, Definitions, job, op


class SyncConfig(Config):
    connections: list[str]


@op
def stripe_sync_changes(config: SyncConfig) -> None:
    home = Path(os.environ["DAGSTER_HOME"])  # noqa: TID251 (Dagster's own way to its home)
    with (home / "synced").open("a") as synced:
        synced.write("".join(f"{key}\n" for key in config.connections))
    while (home / "hold").exists():
        time.sleep(0.1)
    if set(config.connections) & set((home / "failing").read_text().split()):
        raise RuntimeError("the provider is away")


@job
def stripe_sync() -> None:
    stripe_sync_changes()


definitions = Definitions(jobs=[stripe_sync])
