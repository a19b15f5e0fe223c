"""How is a request for a run written as run config? The one place that knows step names."""

from collections.abc import Mapping, Sequence
from typing import Any


def backfill_config(
    provider: str,
    *,
    since: str | None = None,
    until: str | None = None,
    objects: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the config of `<provider>_backfill`."""
    return _config(f"{provider}_ingest", since=since, until=until, objects=_list(objects))


def sync_config(provider: str, *, connections: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the config of `<provider>_sync`."""
    return _config(f"{provider}_sync_changes", connections=_list(connections))


def audit_config(provider: str, *, days: int) -> dict[str, Any]:
    """Return the config of `<provider>_audit`."""
    return _config(f"{provider}_audit_checks", days=days)


def repair_config(
    provider: str,
    *,
    since: str,
    until: str | None = None,
    objects: Sequence[str] | None = None,
    connections: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the config of `<provider>_repair`."""
    return _config(
        f"{provider}_repair_gaps", since=since, until=until, objects=_list(objects),
        connections=_list(connections),
    )  # fmt: skip


def build_config(*, full_refresh: bool = False) -> dict[str, Any]:
    """Return the config of `models`, `streaming` and `marts`."""
    return _config("dbt_models", full_refresh=full_refresh)


def _config(step: str, **values: Any) -> dict[str, Any]:
    given: Mapping[str, Any] = {k: v for k, v in values.items() if v is not None}
    return {"ops": {step: {"config": given}}} if given else {}


def _list(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)
