"""What does it mean that a load did not end well? dlt's failures as ours: few words, and the cause.

dlt wraps what happened several times and quotes each layer whole, tracebacks included. What counts
is the innermost: the engine was away (worth another try), it refused (it is not), or one of our
own foreseen failures came up through dlt.
"""

from collections.abc import Iterator

from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from dlt.common.destination.exceptions import DestinationTransientException
from dlt.destinations.exceptions import DatabaseTransientException

from core.errors import EngineUnavailableError, OppulenceError
from core.warehouse import WarehouseQueryError, reason_of

_AWAY = (OperationalError, OSError, DatabaseTransientException, DestinationTransientException)


def cause_of(failed: BaseException) -> OppulenceError | None:
    """Return the foreseen failure behind one of dlt's, or None if it is none that we foresaw."""
    causes = list(_causes(failed))
    for cause in causes:
        if isinstance(cause, OppulenceError):
            return cause
    refusals = [cause for cause in causes if isinstance(cause, ClickHouseError)]
    refused = [cause for cause in refusals if not isinstance(cause, OperationalError)]
    if refused:
        return WarehouseQueryError(f"ClickHouse did not take the rows: {reason_of(refused[-1])}")
    away = [cause for cause in causes if isinstance(cause, _AWAY)]
    if away:
        return EngineUnavailableError(
            f"ClickHouse did not take the rows: {reason_of(away[-1])}",
            next_step="What was read is kept and lands with the next run.",
        )
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it came from, the outermost first."""
    while error is not None:
        yield error
        error = getattr(error, "client_exception", None) or error.__cause__ or error.__context__
