"""Who hears when a check or a run fails? A sensor per channel, each with a memory of its own.

A sensor whose channel does not take an alert fails its tick, which Dagster shows, and tells the
same again at the next one; the other channels go on.
"""

from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from core.settings import Settings
from orchestration.channels import CHANNELS, is_open
from orchestration.troubles import Reading, troubles_since


def alert_sensors() -> list[SensorDefinition]:
    """Return the sensor of each channel."""
    return [alert_sensor(channel) for channel in CHANNELS]


def alert_sensor(channel: str) -> SensorDefinition:
    """Return the sensor that tells one channel what fails and what is well again."""

    @sensor(
        name=f"alerts_by_{channel}",
        minimum_interval_seconds=60,
        default_status=DefaultSensorStatus.RUNNING,
        description="Tells of failed checks and runs, once when it begins and once when it ends.",
    )
    def alerts(context: SensorEvaluationContext, settings: ResourceParam[Settings]) -> SkipReason:
        if not is_open(settings, channel):
            return SkipReason("Settings name nobody here (docs/data_quality.md).")
        before = Reading.parse(context.cursor, context.instance)
        troubles, after = troubles_since(context.instance, before, settings.alert_severity)
        if troubles:
            CHANNELS[channel](settings, troubles)
        context.update_cursor(after.text())
        return SkipReason(f"{len(troubles)} told; {len(after.failing)} failing.")

    return alerts
