"""What does calibration look like? An SVG of stated confidence against observed accuracy.

Written by hand, because a plotting library for one picture is a dependency too many.
"""

from collections.abc import Sequence

from ml.metrics import ReliabilityBin

_SIZE, _MARGIN = 360, 48


def reliability_svg(bands: Sequence[ReliabilityBin], title: str) -> str:
    """Draw a reliability diagram.

    Parameters
    ----------
    bands
        From `ml.metrics.reliability`.
    title
        A line above the plot.

    Returns
    -------
    str
        An SVG document: the diagonal is perfect calibration, the area of a dot its rows.

    Examples
    --------
    >>> svg = reliability_svg([ReliabilityBin(0.5, 1.0, 10, 0.8, 0.9)], "Example")
    >>> svg.count("<circle")
    1
    """
    most = max((band.rows for band in bands), default=1)
    full = _SIZE + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full} {full}" '
        f'width="{full}" height="{full}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_MARGIN}" y="24" font-size="14">{_escape(title)}</text>',
    ]
    for tenth in range(0, 11, 2):
        share = tenth / 10
        parts.append(
            f'<line x1="{_x(share)}" y1="{_y(0)}" x2="{_x(share)}" y2="{_y(1)}" stroke="#ddd"/>'
            f'<line x1="{_x(0)}" y1="{_y(share)}" x2="{_x(1)}" y2="{_y(share)}" stroke="#ddd"/>'
            f'<text x="{_x(share)}" y="{_y(0) + 16}" text-anchor="middle">{share:.1f}</text>'
            f'<text x="{_x(0) - 8}" y="{_y(share) + 4}" text-anchor="end">{share:.1f}</text>'
        )
    parts.append(
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" '
        'stroke="#888" stroke-dasharray="4 4"/>'
    )
    for band in bands:
        radius = 3 + 11 * (band.rows / most) ** 0.5
        parts.append(
            f'<circle cx="{_x(band.confidence)}" cy="{_y(band.accuracy)}" r="{radius:.1f}" '
            f'fill="#2563eb" fill-opacity="0.6"><title>{band.rows} rows: said '
            f"{band.confidence:.3f}, right {band.accuracy:.3f}</title></circle>"
        )
    parts.append(
        f'<text x="{full / 2}" y="{full - 10}" text-anchor="middle">stated confidence</text>'
        f'<text x="14" y="{full / 2}" text-anchor="middle" '
        f'transform="rotate(-90 14 {full / 2})">observed accuracy</text></svg>'
    )
    return "\n".join(parts) + "\n"


def _x(share: float) -> float:
    return round(_MARGIN + share * _SIZE, 1)


def _y(share: float) -> float:
    return round(_MARGIN + (1 - share) * _SIZE, 1)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
