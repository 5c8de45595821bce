"""Shapes as SVG, and an SVG as an image in markdown, as the UI shows it."""

import base64
import html
from collections.abc import Sequence

import dagster as dg

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
    title = html.escape(title)  # a symbol is what a venue sent
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}">'
    encoded = base64.b64encode(f"{opening}{''.join(shapes)}</svg>".encode()).decode()
    return dg.MetadataValue.md(f'{title}\n\n<img alt="{title}" src="data:image/svg+xml;base64,{encoded}">')
