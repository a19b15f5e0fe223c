"""How new is the data of an answer? `X-Data-As-Of`: when its newest row was ingested.

The figure is the workspace's own, over all its connections. No header means that nothing has been
ingested yet.
"""

from collections.abc import Callable

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.mart_states import Made, MartState
from serving.states import DATA_AS_OF_HEADER


def tell_freshness(scope: TenantScope, newest: TenantQuery) -> str:
    """Set the header on this request's answer; return the state of the data behind it.

    Args:
        scope: The workspace.
        newest: Answers with one row on the tables behind the answer, which are no marts:
            `rows_held`, `newest_at` and `state`.
    """
    state = scope.newest(newest)
    _tell(scope, state)
    return state.text


def made_with_freshness(
    scope: TenantScope, newest: TenantQuery, make: Callable[[MartState], Made]
) -> Made:
    """Set the header on this request's answer, and return that: of marts, in a state of theirs.

    An error of `make` is the caller's, and carries no header.

    Args:
        scope: The workspace.
        newest: Asks for the states of the marts behind the answer (`serving.mart_states`).
        make: Makes the answer; called again if the marts have changed since they were last asked
            for, so nothing that it does may be done twice.
    """
    state, made = scope.answer(newest, make)
    _tell(scope, state)
    return made


def _tell(scope: TenantScope, state: MartState) -> None:
    if state.as_of is not None:
        moment = state.as_of.isoformat(timespec="milliseconds")
        scope.answer_with(DATA_AS_OF_HEADER, moment.replace("+00:00", "Z"))
