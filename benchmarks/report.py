"""How does a benchmark tell its result? One JSON line per figure, against a peer or a limit.

A ratio between two things measured in the same run survives a slower machine; an absolute figure
alone does not.
"""

import json


def report(
    benchmark: str,
    figure: float,
    unit: str,
    *,
    peer: str,
    ratio: float | None,
    goal: str,
    met: bool | None,
) -> None:
    """Print one result.

    Args:
        benchmark: What was measured, `module.thing`.
        figure: The measured value in `unit`.
        unit: Such as `rows/s`, `s`, `MB`.
        peer: What it is compared with: a peer's name and figure, or the limit.
        ratio: Figure over the peer's figure; None where the goal is a limit.
        goal: The goal in words, such as `ratio >= 20`.
        met: Whether the goal is met; None when the figure is for information only.
    """
    line = {
        "benchmark": benchmark,
        "figure": round(figure, 3),
        "unit": unit,
        "peer": peer,
        "ratio": None if ratio is None else round(ratio, 3),
        "goal": goal,
        "met": met,
    }
    print(json.dumps(line), flush=True)
