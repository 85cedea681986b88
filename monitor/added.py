"""The feeds that commands added: one file of the operator's folder that is theirs to write, and no other."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from monitor import config, urls
from monitor.errors import ConfigError, Fault, UsageError
from monitor.feeds.opml import slug, span
from monitor.rules import document

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from monitor.model import Feed

FILE = "feeds-added.yaml"
_HEAD = """\
# The feeds that `monitor feeds add` and `monitor feeds import` added; they write this file anew each time.
# To change one by hand, move its block to a file of your own, such as feeds.yaml.
"""


def added(folder: Path) -> tuple[Feed, ...]:
    """The feeds of the commands' file; none without it. Raises ConfigError for mistakes in it."""
    path = folder / FILE
    if not path.exists():
        return ()
    faults: list[Fault] = []
    root = document.read(str(path), path.read_text("utf-8-sig"), faults)
    feeds = config.feeds_of([root] if root is not None else [], faults)
    if faults:
        raise ConfigError(faults)
    return feeds


def write(folder: Path, feeds: Sequence[Feed]) -> Path:
    """Makes these the feeds of the commands' file, whole or not at all; the file's path.

    Raises UsageError where it cannot be written.
    """
    path = folder / FILE
    beside = path.with_suffix(".tmp")
    text = _HEAD + "feeds:\n" + "".join(map(_block, feeds)) if feeds else _HEAD + "feeds: []\n"
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(
            f"the feeds cannot be written: {error.strerror}",
            where=str(path),
            remedy="see who may write there",
        ) from error
    return path


def free_name(wish: str, url: str, taken: Collection[str]) -> str:
    """A feed's name that is not taken: as wished, else by its host, else with a number."""
    host = urls.parts(url).host.removeprefix("www.")
    name = slug(wish)[:60].strip("-") or slug(host) or "feed"
    number = 2
    free = name
    while free in taken:
        free = f"{name}-{number}"
        number += 1
    return free


def _block(feed: Feed) -> str:
    """JSON strings are YAML strings, whatever stands in them."""
    values = {"name": feed.name, "url": _quoted(feed.url), "outlet": _quoted(feed.outlet)}
    if feed.tags:
        values["tags"] = "[" + ", ".join(map(_quoted, sorted(feed.tags))) + "]"
    if feed.lang:
        values["lang"] = _quoted(feed.lang)
    if feed.every is not None:
        values["every"] = span(feed.every)
    if feed.allow_private:
        values["allow-private"] = "yes"
    if feed.recurring:
        values["recurring"] = "yes"
    if feed.full_text:
        values["full_text"] = "yes"
    if feed.aggregator is not None:
        values["aggregator"] = "yes" if feed.aggregator else "no"
    lines = [f"{name}: {value}\n" for name, value in values.items()]
    return "  - " + "    ".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
