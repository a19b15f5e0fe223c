"""How much may a workspace ask of the API? Its own limits, shown and set by the operator."""

from core.database import Database
from core.errors import NotFoundError
from core.tenancy import TenantId
from oppulence.output import print_json, print_line
from oppulence.session import command_session
from serving.audit_log.entries import record_by_system
from serving.rate_limits import DEFAULT_PER_MINUTE
from serving.usage.quotas import DEFAULTS

USUAL = {"requests_per_minute": DEFAULT_PER_MINUTE, **DEFAULTS}


def set_limits(workspace: str, *, as_json: bool, **wanted: int | None) -> None:
    """Set the limits that are given, 0 for the usual, and print all of them.

    Raises:
        NotFoundError: There is no such workspace.
    """
    tenant = TenantId(workspace)
    chosen = {name: value or None for name, value in wanted.items() if value is not None}
    with command_session("workspace limits", needed=["postgres"]) as settings:
        database = Database.connect(settings, size=1)
        try:
            with database.tenant(tenant) as rows:
                before = rows.execute(f"select {', '.join(USUAL)} from workspaces").fetchone()
                for name, value in chosen.items():
                    assert name in USUAL  # a column's name, never a caller's text
                    rows.execute(f"update workspaces set {name} = %s, updated_at = now()", [value])
                found = rows.execute(f"select {', '.join(USUAL)} from workspaces").fetchone()
                if before is not None and found != before:
                    record_by_system(
                        rows, tenant, "workspace.limits_changed", str(tenant), by="command line",
                        before=before, after=found,
                    )  # fmt: skip
        finally:
            database.close()
    if found is None:
        raise NotFoundError(
            f"There is no workspace {tenant}.", next_step="Make it: `oppulence workspace create`."
        )
    if as_json:
        print_json({"workspace": str(tenant), **found})
        return
    for name, usual in USUAL.items():
        print_line(f"{name}: {found[name] or f'{usual:,} (the usual)'}")
