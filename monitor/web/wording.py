"""How values read on the page: Jinja with its filters, links that are safe, times, languages.

Everything a template prints is escaped; what a feed says of itself is never a link, a style or a script.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.text import cut

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

TITLE, TEXT = 300, 600  # characters that are shown
_SCRIPTS = re.compile(  # by the first letter of a script that one language has nearly to itself
    "(?P<hy>[\u0531-\u0587])|(?P<ka>[\u10a0-\u10ff])|(?P<el>[\u0370-\u03ff])|(?P<he>[\u05d0-\u05ea])"
    "|(?P<th>[\u0e01-\u0e5b])|(?P<ja>[\u3041-\u30ff])|(?P<ko>[\uac00-\ud7a3])"
)


def templates(zone: ZoneInfo) -> Environment:
    """The templates of this package, times in this zone."""
    made = Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "cut": cut,
        "hex": lambda number: f"{number:016x}",
        "local": lambda at: at.astimezone(zone),
        "number": lambda number: f"{number:,}",
        "safe_link": safe_link,
        "ago": ago,
        "script_language": script_language,
    }
    made.globals |= {"zone": zone.key, "TITLE": TITLE, "TEXT": TEXT}
    return made


def safe_link(link: str) -> str:
    """The link if it leads to a page on the web, else "": a feed may hold javascript: and worse."""
    try:
        taken = urlsplit(link)
    except ValueError:
        return ""
    return link if taken.scheme in ("http", "https") and taken.netloc else ""


def script_language(text: str) -> str:
    """The language that a text's script tells, for readers aloud and fonts; "" (unknown) for most."""
    found = _SCRIPTS.search(text)
    return (found and found.lastgroup) or ""


def ago(at: datetime, now: datetime) -> str:
    """How long ago, or in how long, in one unit."""
    seconds = int((now - at).total_seconds())
    size = abs(seconds)
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if size >= length:
            return f"{size // length} {unit} ago" if seconds > 0 else f"in {size // length} {unit}"
    return "just now" if seconds >= 0 else "in a moment"
