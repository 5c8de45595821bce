"""Shapes as SVG, and an SVG as an image in markdown, as the UI shows it."""

import base64
from collections.abc import Sequence

import dagster as dg

from orchestration.escaping import as_code

WIDTH, HEIGHT = 640, 260
Point = tuple[float, float]


class Scale:
    """From data to the picture: right is later, up is more."""

    def __init__(self, across: Sequence[float], up: Sequence[float], *, top: float, bottom: float) -> None:
        self._least, self._top, self._bottom = min(up), top, bottom
        self._up = (bottom - top) / ((max(up) - min(up)) or 1)
        self._across = (WIDTH - 4) / (across[-1] or 1)

    def points(self, across: Sequence[float], up: Sequence[float]) -> list[Point]:
        return [
            (x * self._across, self._bottom - (y - self._least) * self._up)
            for x, y in zip(across, up, strict=True)
        ]


def listed(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def image(shapes: Sequence[str], title: str) -> dg.MetadataValue:
    """Raw `<img>` and `<svg>` are stripped by the UI; an image in markdown's own words is shown."""
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(shapes)}</svg>'
    encoded = base64.b64encode(svg.encode()).decode()
    title = as_code(title)  # a symbol is what a venue sent
    return dg.MetadataValue.md(f"{title}\n\n![{title}](data:image/svg+xml;base64,{encoded})")
