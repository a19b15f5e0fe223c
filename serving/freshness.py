"""How new is the data of an answer? `X-Data-As-Of`: when its newest row was ingested.

The figure is the workspace's own, over all its connections. No header means that nothing has been
ingested yet.
"""

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.states import DATA_AS_OF_HEADER


def tell_freshness(scope: TenantScope, newest: TenantQuery) -> str:
    """Set the header on this request's answer; return the state of the data behind it.

    Args:
        scope: The workspace.
        newest: Answers on the tables behind the answer: `workspace_id`, `rows_held`, `newest_at`
            and `state`.
    """
    text, as_of = scope.newest(newest)
    if as_of is not None:
        moment = as_of.isoformat(timespec="milliseconds")
        scope.answer_with(DATA_AS_OF_HEADER, moment.replace("+00:00", "Z"))
    return text
