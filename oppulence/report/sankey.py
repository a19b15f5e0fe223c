"""How is a chain of flows drawn? Blocks left and right of one in the middle, joined by ribbons.

As thick as the money: left what came in, in the middle the account that it went through, right
what it became. Geometry is floats; amounts are not computed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

Flow = tuple[str, int, str]  # what, how much, and how much in words

BAR = 12.0
GAP = 8.0
LABEL = 32.0  # two lines above each block
LEAST = 1.5  # a flow of a cent is still seen
# What stays where it was, neither gained nor lost.
STAYS = frozenset({"Held before", "Held afterwards"})


@dataclass(frozen=True, slots=True)
class _Block:
    label: str
    words: str
    top: float
    height: float
    share: float  # its height in the middle


def draw(
    title: str,
    sources: Sequence[Flow],
    middle: tuple[str, str],
    uses: Sequence[Flow],
    *,
    width: int,
    height: int,
) -> Markup:
    """Return the chart as SVG; both sides come to the same.

    Args:
        title: What it shows, in words.
        sources: The left side.
        middle: The name of the block in the middle, and its sum in words.
        uses: The right side.
        width: In units of the drawing; text keeps its size, so a narrow drawing is for phones.
        height: In the same units; grows with the number of blocks.
    """
    total = max(1, sum(amount for _, amount, _ in sources))
    blocks = max(len(sources), len(uses))
    scale = max(80.0, height - blocks * (LABEL + GAP)) / total
    left, right = _stack(sources, scale), _stack(uses, scale)
    centre = (width - BAR) / 2
    bottom = max(one.top + one.height for one in (*left, *right))
    thickness = total * scale
    # In the middle of what stands left and right, below its own name.
    top = max(LABEL, (bottom + LABEL - thickness) / 2)
    ends = width - BAR
    drawn = [
        *_ribbons(left, BAR, centre, top, is_left=True),
        *_ribbons(right, ends, centre + BAR, top, is_left=False),
        _bar(centre, top, thickness, "held"),
        _label(centre + BAR / 2, top, "middle", *middle),
    ]
    for one in left:
        drawn += [
            _bar(0, one.top, one.height, _kind(one, "in")),
            _label(0, one.top, "start", one.label, one.words),
        ]
    for one in right:
        drawn += [
            _bar(ends, one.top, one.height, _kind(one, "out")),
            _label(width, one.top, "end", one.label, one.words),
        ]
    # What came from outside has been escaped above.
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {width} {max(bottom, top + thickness) + 4:.0f}" role="img">'
        f"<title>{escape(title)}</title>{''.join(drawn)}</svg>"
    )


def _stack(flows: Sequence[Flow], scale: float) -> list[_Block]:
    blocks, top = [], LABEL
    for label, amount, words in flows:
        height = max(LEAST, amount * scale)
        blocks.append(_Block(label, words, top, height, amount * scale))
        top += height + GAP + LABEL
    return blocks


def _ribbons(
    blocks: Sequence[_Block], outer: float, inner: float, top: float, *, is_left: bool
) -> list[str]:
    side, half, found = ("in" if is_left else "out"), (outer + inner) / 2, []
    for one in blocks:
        low, inner_low = one.top + one.height, top + max(LEAST, one.share)
        found.append(
            f'<path class="ribbon {_kind(one, side)}" d="M{outer:.1f} {one.top:.1f}'
            f" C{half:.1f} {one.top:.1f} {half:.1f} {top:.1f} {inner:.1f} {top:.1f}"
            f" L{inner:.1f} {inner_low:.1f}"
            f' C{half:.1f} {inner_low:.1f} {half:.1f} {low:.1f} {outer:.1f} {low:.1f} Z">'
            f"<title>{escape(one.label)}: {escape(one.words)}</title></path>"
        )
        top += one.share
    return found


def _kind(block: _Block, side: str) -> str:
    return "held" if block.label in STAYS else side


def _bar(left: float, top: float, height: float, kind: str) -> str:
    return (
        f'<rect class="block {kind}" x="{left:.1f}" y="{top:.1f}" width="{BAR:.0f}"'
        f' height="{height:.1f}"/>'
    )


def _label(at: float, top: float, anchor: str, label: str, words: str) -> str:
    return (
        f'<text x="{at:.1f}" y="{top - 19:.1f}" text-anchor="{anchor}">{escape(label)}</text>'
        f'<text class="words" x="{at:.1f}" y="{top - 5:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )
