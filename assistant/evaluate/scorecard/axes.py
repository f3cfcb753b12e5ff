"""Axes and marks of the page's plots, as inline SVG whose colours come from the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]
WIDTH, HEIGHT = 420.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 22.0, 12.0, 44.0


@dataclass(frozen=True, slots=True)
class Axes:
    """A plane from (0, 0) to (`x_most`, `y_most`) with labelled axes; percentages on both."""

    x_label: str
    y_label: str
    x_most: float = 1.0
    y_most: float = 1.0

    def drawn(self, marks: Sequence[str], label: str) -> str:
        """The whole plot; `marks` are drawn in order over the grid, `label` is read out in its place."""
        opening = f'<svg class="figure" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img"'
        return f'{opening} aria-label="{escape(label, quote=True)}">{self._grid()}{"".join(marks)}</svg>'

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(value / self.x_most, 0.0), 1.0)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(value / self.y_most, 0.0), 1.0)

    def line(self, points: Sequence[Point], style: str = "curve") -> str:
        return f'<polyline class="{style}" points="{self._path(points)}"/>'

    def band(self, lower: Sequence[Point], upper: Sequence[Point]) -> str:
        return f'<polygon class="band" points="{self._path([*lower, *reversed(upper)])}"/>'

    def dot(self, x: float, y: float, size: float, title: str) -> str:
        return (
            f'<circle class="dot" cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="{size:.1f}">'
            f"<title>{escape(title)}</title></circle>"
        )

    def _path(self, points: Sequence[Point]) -> str:
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)

    def _grid(self) -> str:
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        parts = []
        for step in range(5):
            across, up = self.x_most * step / 4, self.y_most * step / 4
            height, place = f"{self.y(up):.1f}", f"{self.x(across):.1f}"
            parts += [
                f'<line class="grid" x1="{LEFT:g}" y1="{height}" x2="{right:g}" y2="{height}"/>',
                f'<text class="tick" x="{LEFT - 7:g}" y="{self.y(up) + 4:.1f}" text-anchor="end">{up:.0%}</text>',
                f'<text class="tick" x="{place}" y="{bottom + 17:g}" text-anchor="middle">{across:.0%}</text>',
            ]
        middle, centre = (LEFT + right) / 2, (TOP + bottom) / 2
        parts.append(
            f'<text class="axis" x="{middle:g}" y="{HEIGHT - 6:g}" text-anchor="middle">{escape(self.x_label)}</text>'
        )
        parts.append(
            f'<text class="axis" x="12" y="{centre:g}" text-anchor="middle" transform="rotate(-90 12 {centre:g})">'
            f"{escape(self.y_label)}</text>"
        )
        return "".join(parts)
