"""Which day is it for tests of banks? One of 2026: the company's history is over by and by.

A test's process reads that clock (`banks_clock`), and so does its sandbox, which is run by
`python -m tests.another_day SECONDS_AHEAD` in place of `python -m sandbox`.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import core.clock

# A week after the company's end, at noon.
AHEAD = int(datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp() - core.clock.utc_now().timestamp())


def clock_ahead(seconds: int) -> type[datetime]:
    """What `core.clock` reads instead of `datetime`."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=seconds)  # noqa: TID251

    return Shifted


if __name__ == "__main__":
    core.clock.datetime = clock_ahead(int(sys.argv.pop(1)))  # type: ignore[attr-defined]
    from sandbox.__main__ import main

    main()
