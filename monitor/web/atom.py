"""The matches of a rule as an Atom feed (RFC 4287), for readers of feeds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.store.reading import Hit

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


def feed(rule: str, title: str, hits: Sequence[Hit], *, base: str, now: datetime) -> str:
    """An entry an alert, the newest first. `base` is where the page stands, as the reader asked for it."""
    updated = max((hit.created for hit in hits), default=now)
    entries = "".join(_entry(hit, base=base) for hit in hits)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{_text(title)}</title><id>urn:media-monitor:rule:{_text(rule)}</id>"
        f"<updated>{updated.isoformat()}</updated><author><name>media-monitor</name></author>"
        f'<link rel="self" href={_value(f"{base}/rules/{rule}.atom")}/>'
        f"<link href={_value(f'{base}/rules/{rule}')}/>{entries}</feed>\n"
    )


def _entry(hit: Hit, *, base: str) -> str:
    one = hit.headline
    related = ""
    if one.link.startswith(("http://", "https://")):
        related = f'<link rel="related" href={_value(one.link)}/>'
    kind = "Development: " if hit.kind.value == "development" else ""
    lang = f" xml:lang={_value(one.lang)}" if one.lang else ""
    alert = f"urn:media-monitor:alert:{hit.alert:016x}"
    return (
        f"<entry{lang}><title>{_text(kind + one.title)}</title><id>{alert}</id>"
        f"<updated>{hit.created.isoformat()}</updated><author><name>{_text(one.outlet)}</name></author>"
        f"<link href={_value(f'{base}/stories/{one.story:016x}')}/>{related}"
        f"<summary>{_text(one.summary[:1000])}</summary></entry>"
    )


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _value(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))
