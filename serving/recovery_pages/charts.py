"""How are numbers drawn? As SVG made here: shapes alone, in hundredths of the drawing's size.

A drawing stretches to its place, so that it fits a phone; its words stand beside it in HTML, where
they keep their size, and a table beside each chart has its numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class Span:
    """An estimate between two bounds, all on one scale."""

    estimate: float
    lower: float
    upper: float


def reach(spans: Sequence[Span], least: float = 0.05) -> float:
    """Return how far a scale around zero goes, so that every span fits with some air."""
    widest = max((max(abs(span.lower), abs(span.upper)) for span in spans), default=0.0)
    return max(widest, least) * 1.1


def interval(span: Span, scale: float, label: str) -> Markup:
    """Draw an interval on a scale from -`scale` to +`scale`, zero marked in the middle."""
    start, end, at = (50 + 50 * value / scale for value in (span.lower, span.upper, span.estimate))
    shapes = (
        '<path class="zero" d="M50 0V100"/>'
        f'<path class="bar" d="M{start:.2f} 50H{end:.2f}"/>'
        f'<path class="dot" d="M{at:.2f} 50h0"/>'
    )
    return _drawing("interval", shapes, label)


def share(value: float, label: str) -> Markup:
    """Draw a share of one as a bar."""
    width = 100 * min(max(value, 0.0), 1.0)
    shapes = f'<path class="rest" d="M0 50H100"/><path class="bar" d="M0 50H{width:.2f}"/>'
    return _drawing("share", shapes, label)


def steps(curve: Sequence[float], days: int, label: str) -> Markup:
    """Draw stairs of shares of one, a step for each day of `days`; the curve may end before."""
    shapes = "".join(f'<path class="grid" d="M0 {y}H100"/>' for y in (0, 25, 50, 75, 100))
    if curve:
        width = 100 / days
        path = "".join(
            f"V{100 - 100 * share:.2f}H{width * min(number + 1, days):.2f}"
            for number, share in enumerate(curve)
        )
        end = width * min(len(curve), days)
        shapes += (
            f'<path class="area" d="M0 100{path}V100H0Z"/><path class="line" d="M0 100{path}"/>'
        )
        shapes += f'<path class="dot" d="M{end:.2f} {100 - 100 * curve[-1]:.2f}h0"/>'
    return _drawing("steps", shapes, label)


def columns(pairs: Sequence[tuple[int, int]], label: str) -> Markup:
    """Draw two columns side by side for each pair, on a scale from zero to the largest."""
    most = max((max(pair) for pair in pairs), default=0) or 1
    place = 100 / max(len(pairs), 1)
    shapes = "".join(f'<path class="grid" d="M0 {y}H100"/>' for y in (0, 50, 100))
    for number, pair in enumerate(pairs):
        for side, value in enumerate(pair):
            x = place * number + place * (0.14 + 0.37 * side)
            height = 100 * value / most
            shapes += (
                f'<path class="column c{side}" d="M{x:.3f} 100v-{height:.3f}h{place * 0.34:.3f}'
                f'v{height:.3f}z"/>'
            )
    return _drawing("columns", shapes, label)


def _drawing(kind: str, shapes: str, label: str) -> Markup:
    return Markup(  # noqa: S704 (numbers alone are put into it, and an escaped label)
        f'<svg class="{kind}" viewBox="0 0 100 100" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(label)}">{shapes}</svg>'
    )
