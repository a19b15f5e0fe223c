"""What is wrong with a flow, and where? An error keeps it from being published."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: its rule, the step it is at (empty for the flow itself), and what to do."""

    code: str
    severity: Severity
    step: str
    message: str
    next_step: str


def error(code: str, step: str, message: str, next_step: str) -> Finding:
    """Return a fault that keeps the flow from being published."""
    return Finding(code, "error", step, message, next_step)


def warning(code: str, step: str, message: str, next_step: str) -> Finding:
    """Return something to look at."""
    return Finding(code, "warning", step, message, next_step)
