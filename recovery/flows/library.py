"""Which flows are ready to begin with? Documents beside this room, each publishable as it is."""

import json
from functools import lru_cache
from pathlib import Path

from core.errors import NotFoundError
from recovery.flows.document import Flow, flow_of

FOLDER = Path(__file__).resolve().parent.parent / "library"


@lru_cache(maxsize=1)
def library() -> dict[str, Flow]:
    """Return every ready flow by its name."""
    return {
        file.stem: flow_of(json.loads(file.read_text())) for file in sorted(FOLDER.glob("*.json"))
    }


def library_flow(name: str) -> Flow:
    """Return one of them.

    Raises:
        NotFoundError: There is none of this name.
    """
    found = library().get(name)
    if found is None:
        raise NotFoundError(f"The library has no flow {name}.",
                            next_step="GET /v1/recovery/flow_library lists them.")  # fmt: skip
    return found
