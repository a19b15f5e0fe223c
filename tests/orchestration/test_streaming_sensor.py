"""When is the streaming layer set up again? When files changed that nothing has built."""

import os
from pathlib import Path

from dagster import DagsterInstance, RunRequest, SkipReason, build_sensor_context

from assets.manifest import built_mark, fingerprint
from core.settings import Settings
from orchestration.sensors import streaming_models_changed


def test_files_are_set_up_once_and_not_at_all_when_migrate_has_built_them(
    tmp_path: Path, instance: DagsterInstance
):
    project, data = tmp_path / "dbt", tmp_path / "data"
    project.mkdir()
    data.mkdir()
    model = project / "model.sql"
    settings = Settings(data_dir=data, dbt_project_dir=project)
    cursor = None

    def write(text: str) -> None:
        model.write_text(text)
        os.utime(model, ns=(0, 0))  # the time counts too: these files differ by their size alone

    def tick() -> bool:
        """Say whether a run is asked for; the cursor goes on to the next tick."""
        nonlocal cursor
        with build_sensor_context(
            instance=instance, cursor=cursor, resources={"settings": settings}
        ) as context:
            found = streaming_models_changed(context)
            cursor = context.cursor
        assert isinstance(found, RunRequest | SkipReason)
        if isinstance(found, RunRequest):
            assert found.run_key is None, "Dagster would refuse a key's second run"
        return isinstance(found, RunRequest)

    write("select 1")
    built_mark(data).write_text(fingerprint(project))
    assert not tick(), "migrate has just built them"
    assert not tick(), "nothing has changed"
    write("select 10")
    assert tick(), "a change that nobody has built"
    write("select 1")
    assert tick(), "put back, but the changed model is what is in the warehouse"
    built_mark(data).write_text(fingerprint(project))
    assert not tick()
