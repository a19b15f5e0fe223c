"""Which failures are worth a second try? An engine that is away, a pull under way elsewhere.

A provider's own errors never come this far: `pipelines` asks again within its limits, and reports
per connection what it could not get.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Backoff, Failure, Jitter, RetryPolicy

from core.errors import ConflictError, EngineUnavailableError, OppulenceError

TRANSIENT = RetryPolicy(
    max_retries=2, delay=5, backoff=Backoff.EXPONENTIAL, jitter=Jitter.PLUS_MINUS
)


@contextmanager
def only_transient_retried() -> Iterator[None]:
    """Turn a foreseen failure that stays one into Dagster's, so that no retry is spent on it."""
    try:
        yield
    except (EngineUnavailableError, ConflictError):
        raise
    except OppulenceError as error:
        words = f"{error.detail} {error.next_step}".strip()
        raise Failure(words, allow_retries=False) from error
