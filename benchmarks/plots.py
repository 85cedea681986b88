"""Plots as SVG, without a package: bars of two kinds side by side, and lines over two logarithmic scales."""

from __future__ import annotations

from html import escape
from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS = ("#1b6ca8", "#d1495b", "#edae49", "#66a182", "#8d6a9f", "#5c5c5c")
_WIDTH, _ROW, _LEFT = 760, 34, 250
_HEIGHT, _PAD = 380, 60


def bars(title: str, rows: Sequence[tuple[str, float, float]], names: tuple[str, str]) -> str:
    """Each row's name with two bars and their numbers."""
    most = max(max(one, other) for _, one, other in rows)
    scale = (_WIDTH - _LEFT - 60) / most
    parts = [_text(10, 24, title, size=15)]
    for which, name in enumerate(names):
        parts += [
            _box(_LEFT + 130 * which, 36, 12, COLOURS[which]),
            _text(_LEFT + 18 + 130 * which, 47, name),
        ]
    for place, (name, *values) in enumerate(rows):
        top = 62 + place * _ROW
        parts.append(_text(10, top + 17, name))
        for which, value in enumerate(values):
            parts.append(_box(_LEFT, top + 13 * which, value * scale, COLOURS[which]))
            parts.append(_text(_LEFT + value * scale + 6, top + 10 + 13 * which, f"{value:g}"))
    return _svg(62 + len(rows) * _ROW + 10, parts)


def lines(title: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Each series of (x, y) as a line; both scales are logarithmic."""
    points = [point for line in series.values() for point in line]
    spans = [(min(values), max(values)) for values in zip(*points, strict=True)]
    (left, right), (low, high) = ((floor(log10(a)), log10(b) + 0.1) for a, b in spans)

    def at(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - left) / (right - left) * (_WIDTH - _LEFT - _PAD)
        return _PAD + across, _HEIGHT - 40 - (log10(y) - low) / (high - low) * (_HEIGHT - 110)

    parts = [_text(10, 24, title, size=15)]
    for power in range(low, floor(high) + 1):
        _, y = at(10.0**left, 10.0**power)
        parts += [_text(8, y + 4, f"{10.0**power:g}"), _rule(_PAD, y, _WIDTH - _LEFT, y)]
    for power in range(left, floor(right) + 1):
        x, _ = at(10.0**power, 10.0**low)
        parts += [_text(x - 18, _HEIGHT - 18, f"{10**power:,}"), _rule(x, 50, x, _HEIGHT - 40)]
    for place, (name, line) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in line))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [_box(_WIDTH - _LEFT + 20, 60 + 22 * place, 12, colour)]
        parts += [_text(_WIDTH - _LEFT + 38, 71 + 22 * place, name)]
    return _svg(_HEIGHT, parts)


def _svg(height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
    )
    return "\n".join((head, *parts, "</svg>", ""))


def _text(x: float, y: float, text: str, *, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="#222">{escape(text)}</text>'


def _box(x: float, y: float, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="11" fill="{colour}"/>'


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'
