"""What surrounds every recovery page of a merchant? One frame with the sections beside it.

A page of recovery is a handler of three lines and a template:

    router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=PREFIX)

    @router.get("/flows")
    def get_flows(visit: AnyVisit, scope: RecoveryLook) -> Response:
        with scope.transaction() as rows:
            flows = ...
        return shell(visit, scope, "flows", "recovery/flows.html", flows=flows)

- The route's class answers failures in pages, sends strangers to /sign_in, refuses forged forms.
- `RecoveryLook` admits members who may see recovery, `RecoveryAct` those who may change it; both
  are the `TenantScope` that /v1 uses, so pages call the same actions. `may_act` tells a template
  which of the two the reader is: show no button that would be refused.
- The template extends `recovery/shell.html` and fills `title`, `content`, and, where it has one,
  `scripts` (`<script src="/static/….js" defer></script>`) and `styles`. `base` is the address of
  recovery in this workspace (`/workspaces/ws_…/recovery`), `csrf_token` goes into every form, and
  a script's requests to /v1 send it as `X-CSRF-Token` with `X-Workspace-Id: {{ workspace.id }}`.
- What may run and be loaded are our own files under /static: no inline script, no `style="…"`.
- Amounts are written `{{ minor|money(currency) }}`, shares `{{ 0.5|percent }}`, moments
  `{{ when(at) }}` from `recovery/parts.html`. Look at recovery.css before adding a class.
- A new section is a line of `SECTIONS` and its router a line of `serving.app.PAGES`.
"""

from typing import Any, NamedTuple

from fastapi.responses import HTMLResponse

from core.clock import utc_now
from serving.auth.permissions import Permission
from serving.auth.scope import TenantScope
from serving.recovery_pages.words import FILTERS
from serving.web.pages import TEMPLATES, page
from serving.web.visits import Visit

PREFIX = "/workspaces/{workspace_id}/recovery"


class Section(NamedTuple):
    """An entry of the navigation: its name in code, what people read, its path below recovery."""

    name: str
    title: str
    path: str


SECTIONS = (
    Section("board", "Board", ""),
    Section("episodes", "Episodes", "/episodes"),
    Section("tasks", "Tasks", "/tasks"),
    Section("flows", "Flows", "/flows"),
    Section("templates", "Messages", "/templates"),
    Section("brand", "Brand", "/brand"),
    Section("suppressions", "Left alone", "/suppressions"),
    Section("experiments", "Experiments", "/experiments"),
    Section("analytics", "Analytics", "/analytics"),
    Section("settings", "Settings", "/settings"),
)

TEMPLATES.filters.update(FILTERS)

_AROUND = """
select id, name, (select count(*) from recovery_tasks where done_at is null) as open_tasks
from workspaces where id = %s
"""


def base_of(scope: TenantScope) -> str:
    """Return the address of recovery in this workspace."""
    return f"/workspaces/{scope.tenant}/recovery"


def shell(
    visit: Visit,
    scope: TenantScope,
    section: str,
    template: str,
    *,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """Fill in a page of recovery; `section` is the one that is marked in the navigation."""
    with scope.transaction() as rows:
        workspace = rows.execute(_AROUND, [str(scope.tenant)]).fetchone()
    return page(
        visit,
        template,
        status=status,
        has_scripts=True,
        workspace=workspace,
        base=base_of(scope),
        sections=SECTIONS,
        section=section,
        may_act=Permission.RECOVERY_WRITE in scope.principal.scopes,
        now=utc_now(),
        **values,
    )
