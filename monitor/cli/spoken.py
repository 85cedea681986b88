"""The names that stand in the operator's files, for the shell to complete.

Reads the YAML and compiles nothing, so that TAB is quick; a file with a mistake in it, or no files at all,
complete to nothing rather than to an error.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from monitor import folders
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

    from monitor.rules.document import Node

HEARD = "_MONITOR_COMPLETE"  # the variable by which the shell asks
_SPECIAL = re.compile(r"[^\w@%+=:,./-]")  # what bash would not take as it stands


def feeds(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The feeds whose names begin so, with their outlets."""
    return _items(
        ((one.get("name", ""), one.get("outlet", "")) for one in _maps(_folder(ctx), "feeds")),
        incomplete,
    )


def outlets(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The outlets whose names begin so."""
    named = ((one.get("outlet") or one.get("name", ""), "") for one in _maps(_folder(ctx), "feeds"))
    return _items(named, incomplete)


def rules(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The rules whose ids begin so, with their titles."""
    return _items(
        ((one.get("id", ""), one.get("title", "")) for one in _maps(_folder(ctx), "rules")),
        incomplete,
    )


def receivers(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The receivers whose names begin so; never their addresses."""
    return _items(((name, "") for name in _keys(_folder(ctx), "receivers")), incomplete)


def names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The keys of names and terms that begin so."""
    return _items(((key, "") for top in ("names", "terms") for key in _keys(_folder(ctx), top)), incomplete)


def rule_ids(folder: str | None) -> frozenset[str]:
    """The ids of the rules in this folder, or in the one that is found without."""
    return frozenset(one.get("id", "") for one in _maps(folder, "rules"))


def _folder(ctx: click.Context) -> str | None:
    option: str | None = ctx.params.get("rules")
    return option


def _items(named: Iterator[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    found = {name: said for name, said in named if name and name.startswith(incomplete)}
    return [CompletionItem(_as_typed(name), help=said or None) for name, said in found.items()]


def _as_typed(name: str) -> str:
    """The name as it must stand in the line: of the shells, bash alone does not see to that itself.

    A word that was begun with a quotation mark needs no other. Click's function for bash reads backslashes
    away, once.
    """
    if os.environ.get(HEARD) != "bash_complete":
        return name
    number = int(os.environ.get("COMP_CWORD", "0"))
    word = os.environ.get("COMP_WORDS", "").split("\n")[number : number + 1]
    if not "".join(word).startswith(("'", '"')):
        name = _SPECIAL.sub(r"\\\g<0>", name)
    return name.replace("\\", "\\\\")


def _maps(folder: str | None, top: str) -> Iterator[dict[str, str]]:
    for value in _values(folder, top):
        for item in value.items:
            yield {key.text: one.text for key, one in item.pairs}


def _keys(folder: str | None, top: str) -> Iterator[str]:
    return (key.text for value in _values(folder, top) for key, _ in value.pairs)


def _values(option: str | None, top: str) -> Iterator[Node]:
    """What stands under this key in each file of the folder that the line so far means."""
    from monitor.rules import document

    try:
        folder = folders.find_rules(option, env=os.environ, cwd=Path.cwd())
    except MonitorError:
        return
    for path in sorted(folder.glob("*.yaml")):
        root = None
        with suppress(OSError, UnicodeDecodeError):
            root = document.read(str(path), path.read_text("utf-8-sig"), [])
        for key, value in root.pairs if root else ():
            if key.text == top:
                yield value
