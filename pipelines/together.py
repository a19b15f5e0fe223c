"""How are several parts read side by side? All to their end, or none left behind by a failure."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def together(parts: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Return every part's result, in their order.

    The first failure cancels the others and waits until they have let go of what they hold, as
    `asyncio.gather` does not; then it is raised as it is, as `asyncio.TaskGroup` does not.
    """
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
