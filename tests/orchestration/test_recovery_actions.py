"""The job that acts on failures no flow takes: wired, and silent where nobody gave a key."""

from dagster import DagsterInstance, SkipReason, build_schedule_context
from pydantic import SecretStr

from core.settings import Settings
from orchestration.definitions import recovery_definitions, with_resources
from orchestration.schedules import recovery_schedule


def run(settings: Settings, instance: DagsterInstance):
    """Run the job over these settings."""
    definitions = with_resources(recovery_definitions(), lambda: settings)
    job = definitions.resolve_job_def("recovery_actions")
    return job.execute_in_process(instance=instance, raise_on_error=False)


def test_without_a_key_nothing_is_asked(engines: Settings, instance: DagsterInstance):
    result = run(engines, instance)
    assert result.success
    [made] = result.asset_materializations_for_node("recovery__actions")
    assert made.metadata["asked"].value == {}
    skipped = recovery_schedule(build_schedule_context(instance=instance))
    assert isinstance(skipped, SkipReason)


def test_keys_that_are_none_fail_the_run(engines: Settings, instance: DagsterInstance):
    wrong = engines.model_copy(update={"recovery_api_keys": SecretStr("opk_live_x")})
    result = run(wrong, instance)
    assert not result.success
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "OPPULENCE_RECOVERY_API_KEYS" in str(failure.step_failure_data.error)
    assert "opk_live_x" not in str(failure.step_failure_data.error)
