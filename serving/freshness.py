"""How new is the data of an answer? `X-Data-As-Of`: when its newest row was ingested.

The figure is the workspace's own, over all its connections. No header means that nothing has been
ingested yet.
"""

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope

DATA_AS_OF_HEADER = "X-Data-As-Of"


def tell_freshness(scope: TenantScope, newest: TenantQuery) -> None:
    """Set the header on this request's answer.

    Args:
        scope: The workspace.
        newest: Answers with one row: `rows_held`, and `newest_at` of the tables behind the answer.
    """
    (found,) = scope.rows(newest)
    if found["rows_held"]:
        moment = found["newest_at"].isoformat(timespec="milliseconds")
        scope.answer_with(DATA_AS_OF_HEADER, moment.replace("+00:00", "Z"))
