"""Numbers as drawings: SVG made here, with the same numbers in words for those who do not see them.

Colours and sizes are the stylesheet's; no style stands in the drawing, which the page's policy would forbid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Sequence

_HIGH = 100  # units of a drawing's height
_STEP = 12  # units from one bar to the next
_GAP = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it stands for, its parts from below (each a class of the stylesheet and a number)."""

    label: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """The height of it all."""
        return sum(number for _, number in self.parts)


def bar_chart(bars: Sequence[Bar], *, name: str) -> Markup:
    """Bars side by side. `name` says what they are; the largest and the sum are said after it."""
    top = max((bar.total for bar in bars), default=0)
    wide = max(1, len(bars)) * _STEP
    drawn = "".join(_drawn(bar, number, top) for number, bar in enumerate(bars))
    return _svg("chart", said(bars, name=name), wide, _HIGH, drawn + _floor(wide))


def _svg(kind: str, told: str, wide: int, high: int, drawn: str) -> Markup:
    """The drawing with its words; `drawn` is ours, and what others wrote in it is escaped."""
    return Markup(  # noqa: S704 - as the line above says
        f'<svg class="{kind}" role="img" aria-label="{escape(told)}" viewBox="0 0 {wide} {high}"'
        f' preserveAspectRatio="none">{drawn}</svg>'
    )


def _floor(wide: int) -> str:
    return f'<path class="floor" d="M0 {_HIGH}H{wide}"/>'


def _drawn(bar: Bar, number: int, top: int) -> str:
    """The bar's parts one above the other; what is not zero is never too low to be seen."""
    pieces, below = "", 0.0
    for part, amount in bar.parts:
        if not amount:
            continue
        high = max(_HIGH * amount / top, 3.0)
        pieces += (
            f'<rect class="{part}" x="{number * _STEP + _GAP / 2}" y="{max(0.0, _HIGH - below - high):.1f}"'
            f' width="{_STEP - _GAP}" height="{high:.1f}"/>'
        )
        below += high
    return f"<g><title>{escape(bar.label)}: {bar.total}</title>{pieces}</g>" if pieces else ""


def said(bars: Sequence[Bar], *, name: str) -> str:
    """The drawing in words: what it shows, how much in all, and the largest."""
    total = sum(bar.total for bar in bars)
    if not total:
        return f"{name}: none"
    largest = max(bars, key=lambda bar: bar.total)
    return f"{name}: {total} in all, most at {largest.label} with {largest.total}"


def spark(numbers: Sequence[int], *, name: str, ends: str) -> Markup:
    """Bars too small to be told apart, in one stroke; `ends` says what the first and the last are."""
    top, wide = max(numbers, default=0), max(1, len(numbers)) * _STEP
    highs = [max(_HIGH * number // top, 6) if number else 0 for number in numbers]
    step = _STEP - _GAP
    drawn = "".join(
        f"M{place * _STEP + 1} {_HIGH}v-{high}h{step}v{high}z" for place, high in enumerate(highs) if high
    )
    told = f"{name}, {ends}: {', '.join(map(str, numbers))}" if top else f"{name}: none"
    return _svg("spark", told, wide, _HIGH, f'<path class="bar" d="{drawn}"/>{_floor(wide)}')


def share_chart(parts: Sequence[tuple[str, str, int]], *, name: str) -> Markup:
    """One bar that is parted: (class, what it is, number) each; nothing without a number."""
    total = sum(number for _, _, number in parts)
    told = ", ".join(f"{number} {what}" for _, what, number in parts if number) or "none"
    drawn, left = "", 0.0
    for part, what, number in parts:
        wide = 1000 * number / total if total else 0.0
        drawn += (
            f'<rect class="{part}" x="{left:.1f}" y="0" width="{wide:.1f}" height="10">'
            f"<title>{escape(what)}: {number}</title></rect>"
        )
        left += wide
    return _svg("share", f"{name}: {told}", 1000, 10, drawn)
