"""When does what run by the clock? Times are UTC; nothing here is faster than the worker's tail."""

from dagster import (
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from assets.partitions import partitions_name
from core.settings import load_settings
from pipelines.registry import AUDITED

# As often as each provider is worth asking: banks publish a few times a day and count the calls.
SYNC_CRONS = {
    "stripe": "*/5 * * * *",
    "plaid": "*/15 * * * *",
    "teller": "*/30 * * * *",
    "gocardless": "15 */2 * * *",
    "enablebanking": "25 */2 * * *",
    "quickbooks": "*/15 * * * *",
    "xero": "*/15 * * * *",
}
# Of jobs that run whatever is connected: when, and what it costs.
JOBS = {
    "marts": ("*/15 * * * *", "Incremental: costs what has landed since the last run."),
    "conservation": ("10 3 * * *", "dbt's tests of the typed layer, which read all of it."),
    # What the sources promise are days, not hours.
    "source_freshness": ("50 5,17 * * *", "dbt source freshness."),
    # Just before the marts, which post bank lines as what the reconciliation found them to be.
    "reconciliation": (
        "12,27,42,57 * * * *", "Costs nothing for workspaces in which nothing changed."
    ),
    # Some minutes after the banks' syncs.
    "enrichment": (
        "5,20,35,50 * * * *",
        "Costs what has landed since the last run, and a training once a week.",
    ),
}  # fmt: skip
# After the marts, which tell what is open.
RECOVERY_CRON = "9,24,39,54 * * * *"
CHECKS_CRON = "20 * * * *"
AUDIT_CRON = "40 4 * * *"


def provider_schedules(provider: str) -> list[ScheduleDefinition]:
    """Return the provider's clock: changes every few minutes, the raw checks, the daily audit."""
    works = {
        "sync": (SYNC_CRONS[provider], "What changed; a net where a worker follows as well."),
        "checks": (CHECKS_CRON, "Shape and freshness of what landed."),
    }
    if provider in AUDITED:
        works["audit"] = (AUDIT_CRON, "Counts and hashes against the provider.")
    return [provider_schedule(provider, work, *clock) for work, clock in works.items()]


def provider_schedule(provider: str, work: str, cron: str, description: str) -> ScheduleDefinition:
    """Return a schedule that starts no process while the provider has no connection."""

    @schedule(
        name=f"{provider}_{work}",
        job_name=f"{provider}_{work}",
        cron_schedule=cron,
        description=description,
        default_status=DefaultScheduleStatus.RUNNING,
    )
    def when_connected(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        if not context.instance.get_dynamic_partitions(partitions_name(provider)):
            return SkipReason(f"Nothing is connected to {provider} yet.")
        return RunRequest()

    return when_connected


def job_schedules(*names: str) -> list[ScheduleDefinition]:
    """Return the clocks of jobs that run whatever is connected."""
    return [
        ScheduleDefinition(
            name=name,
            job_name=name,
            cron_schedule=JOBS[name][0],
            description=JOBS[name][1],
            default_status=DefaultScheduleStatus.RUNNING,
        )
        for name in names
    ]


@schedule(
    name="recovery_actions",
    job_name="recovery_actions",
    cron_schedule=RECOVERY_CRON,
    description="Where an API key was given: acts on failed payments that no flow takes.",
    default_status=DefaultScheduleStatus.RUNNING,
)
def recovery_schedule(_: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """Start no process where no workspace gave a key."""
    if load_settings().recovery_api_keys is None:
        return SkipReason("No workspace gave a key (OPPULENCE_RECOVERY_API_KEYS).")
    return RunRequest()
