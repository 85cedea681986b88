"""What a desk is made of, as it is kept to be read again: files, articles, templates, and no secret."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitor.rules import document
from monitor.vault import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.rules.document import Node

SECRET_KEYS = ("headers", "auth", "proxy")  # of a feed; its tls only says where files are


@dataclass(frozen=True, slots=True)
class Sources:
    """What a desk is made of: its YAML files, read; by path the articles of its examples; its templates."""

    roots: tuple[Node, ...]
    articles: Mapping[str, str]
    templates: Mapping[str, str] = field(default_factory=dict)  # by name

    def packed(self) -> str:
        """All in one text, for keeping; receivers' addresses and what feeds are asked with are left out."""
        roots = [[root.file, document.packed(_without_secrets(root))] for root in self.roots]
        kept = {"roots": roots, "articles": dict(self.articles), "templates": dict(self.templates)}
        return json.dumps(kept, ensure_ascii=False)


NOTHING = Sources((), {})


def unpacked(text: str) -> Sources:
    """What `packed` made."""
    kept = json.loads(text)
    roots = tuple(document.unpacked(*root) for root in kept["roots"])
    return Sources(roots, kept["articles"], kept.get("templates", {}))


def _without_secrets(root: Node) -> Node:
    """The file with each value blank that is not the name of a secret's place: it may hold a password."""

    def kept(place: tuple[str, ...], value: Node) -> Node:
        if place[0] != "feeds":
            return with_address(value, _kept_address)
        return value if _names_places(value) else _blank(value)

    return with_secrets(root, kept)


def _kept_address(address: Node) -> Node:
    return address if SECRET.fullmatch(address.text) else _blank(address)


def address_of(value: Node) -> Node:
    """The address of a receiver or of `alive`: all that is said of it, or its `url`."""
    return next((one for key, one in value.pairs if key.text == "url"), value)


def with_address(value: Node, change: Callable[[Node], Node]) -> Node:
    """What is said of a receiver or of `alive`, with its address changed."""
    if value.kind != "map":
        return change(value)
    pairs = tuple((key, change(one) if key.text == "url" else one) for key, one in value.pairs)
    return replace(value, pairs=pairs)


def _names_places(node: Node) -> bool:
    if node.kind == "map":
        return all(_names_places(value) for _, value in node.pairs)
    return bool(SECRET.fullmatch(node.text))


def is_blank(value: Node) -> bool:
    """Whether its value was left out when the desk was kept."""
    return value.kind == "scalar" and not value.text


def _blank(value: Node) -> Node:
    return replace(value, kind="scalar", text="", items=(), pairs=())


def with_secrets(root: Node, change: Callable[[tuple[str, ...], Node], Node]) -> Node:
    """The file with each value changed that may be a secret: an address, or what a feed is asked with.

    They are told apart by where they stand: ("receivers", name), ("settings", "alive") or
    ("feeds", name, key).
    """
    return replace(root, pairs=tuple((key, _changed(key.text, value, change)) for key, value in root.pairs))


def _changed(top: str, value: Node, change: Callable[[tuple[str, ...], Node], Node]) -> Node:
    if top == "receivers":
        return replace(value, pairs=tuple((name, change((top, name.text), one)) for name, one in value.pairs))
    if top == "settings":
        pairs = [
            (key, change((top, "alive"), one) if key.text == "alive" else one) for key, one in value.pairs
        ]
        return replace(value, pairs=tuple(pairs))
    if top != "feeds":
        return value
    return replace(value, items=tuple(_changed_feed(item, change) for item in value.items))


def _changed_feed(item: Node, change: Callable[[tuple[str, ...], Node], Node]) -> Node:
    name = next((value.text for key, value in item.pairs if key.text == "name"), "")
    pairs = [
        (key, change(("feeds", name, key.text), value) if key.text in SECRET_KEYS else value)
        for key, value in item.pairs
    ]
    return replace(item, pairs=tuple(pairs))
