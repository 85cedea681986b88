"""A web page or a plain text as an article: its headline and its text. Decides; touches nothing."""

from __future__ import annotations

import codecs
import re
from html import unescape
from typing import TYPE_CHECKING

from monitor.feeds.markup import plain
from monitor.feeds.parse import decoded
from monitor.text import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE = re.compile(r"\s*(?:<!doctype html|<html|<head|<body|<article|<!--)", re.IGNORECASE)
_DECLARED = re.compile(rb"<meta[^<>]{1,200}charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]{0,300}>([^<]{1,1000})", re.IGNORECASE)
_META = re.compile(r"<meta\b[^<>]{1,1000}>", re.IGNORECASE)
_OG_TITLE = re.compile(r"""property\s*=\s*["']?og:title\b""", re.IGNORECASE)
_CONTENT = re.compile(r"""content\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_PARTS = ("article", "main", "body")


def article(body: bytes, content_type: str = "") -> tuple[str, str]:
    """(title, text) of a page or a text file, cleaned (text.py).

    A page's headline is its og:title or its title; its text is that of its longest <article>, else of <main>
    or <body>. A plain text's headline is its first line.
    """
    text = text_of_page(body, content_type).removeprefix("\ufeff")
    if not _PAGE.match(text):
        title, _, rest = text.strip().partition("\n")
        return one_line(title), clean(rest)
    return headline_of(text), _text(text)


def text_of_page(body: bytes, content_type: str) -> str:
    """The bytes as text: by the byte order mark, the server's label, then the page's own."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    declared = _DECLARED.search(body[:4096])
    labelled = "charset" in content_type.lower()
    label = f"charset={declared[1].decode()}" if declared and not labelled else content_type
    text = decoded(body, label)
    return body.decode("utf-8", "replace") if text is None else text


def headline_of(page: str) -> str:
    """The headline of a page: its og:title, else its title, on one line."""
    for meta in _META.finditer(page):
        content = _CONTENT.search(meta.group())
        if content and _OG_TITLE.search(meta.group()):
            return one_line(unescape(content[1] or content[2] or ""))
    found = _TITLE.search(page)
    return one_line(unescape(found[1])) if found else ""


def _text(page: str) -> str:
    for part in _PARTS:
        inside = max(_inside(page, part), key=len, default="")
        if inside:
            return plain(inside)
    return plain(page)


def _inside(page: str, part: str) -> Iterator[str]:
    """What stands between each opening of an element and the next that closes one."""
    opened: int | None = None
    for tag in re.finditer(rf"<(/?){part}(?=[\s>])[^<>]{{0,2000}}>", page, re.IGNORECASE):
        if not tag[1]:
            opened = tag.end() if opened is None else opened
        elif opened is not None:
            yield page[opened : tag.start()]
            opened = None
    if opened is not None:
        yield page[opened:]
