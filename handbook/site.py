"""The site: the Markdown of this tree as pages that need no server, no network and no other host.

What is listed in docs/index.md is the table of contents, by its headings; whatever the pages lead to beside
that (decisions, the first page, the list of changes, files of the source) comes along. Every link is followed
while the site is built: one that leads nowhere, or to a heading that is not there, is a fault.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from markdown_it.token import Token

HOME = "docs/index.md"
_LOOK = Path(__file__).parent / "look"
_PICTURES = (".png", ".svg")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a page: how deep (1 to 6), its text, and the name that links know it by."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Page:
    """One document: where it stands in the tree, what it is called, and what is in it."""

    path: str
    title: str
    headings: tuple[Heading, ...]
    tokens: Sequence[Token]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading of the table of contents with the pages under it: path and title."""

    title: str
    pages: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Built:
    """What came of building: how many pages, and each link that leads nowhere."""

    pages: int
    faults: tuple[str, ...]


def build(root: Path, folder: Path) -> Built:
    """Build the site of the tree `root` anew into `folder`, which is emptied first."""
    pages, files, faults = gathered(root)
    if folder.exists():
        shutil.rmtree(folder)
    for file in sorted(files):
        _put(folder / address(file), (root / file).read_bytes())
    for part in sorted(_LOOK.glob("site.*")):
        _put(folder / part.name, part.read_bytes())
    _put(folder / "search-index.js", _index(pages.values()).encode())
    chapters = contents(pages[HOME])
    template = Environment(
        loader=FileSystemLoader(_LOOK), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    ).get_template("page.html")
    titles = {path: page.title for path, page in pages.items()}
    for page in pages.values():
        place = address(page.path)
        text = template.render(
            page=page,
            body=_rendered(page, titles),
            chapters=chapters,
            here=lambda path, place=place: relative(place, address(path)),
            top="../" * place.count("/"),
            home=HOME,
            sections=[heading for heading in page.headings if heading.level == 2],  # noqa: PLR2004 - h2
        )
        _put(folder / place, text.encode())
    return Built(len(pages), tuple(faults))


def _put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


# ---- what belongs to it ------------------------------------------------------------------------------------


def gathered(root: Path) -> tuple[dict[str, Page], set[str], list[str]]:
    """Every page that the first one leads to, by path; every other file; and the links that lead nowhere."""
    pages: dict[str, Page] = {}
    files: set[str] = set()
    faults: list[str] = []
    links: list[tuple[str, str, str]] = []
    waiting = [HOME]
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        pages[path] = page = read(path, (root / path).read_text("utf-8"))
        for link in _links(page.tokens):
            target, anchor = resolved(path, link)
            if target is None:
                continue
            if (root / target).is_dir():
                target = f"{target}/README.md"
            if not (root / target).is_file():
                faults.append(f"{path}: {link} leads nowhere")
            elif target.endswith(".md"):
                links.append((path, target, anchor))
                waiting.append(target)
            else:
                files.add(target)
    faults += [
        f"{path}: {target} has no heading #{anchor}"
        for path, target, anchor in links
        if anchor and anchor not in {heading.anchor for heading in pages[target].headings}
    ]
    return dict(sorted(pages.items())), files, faults


def read(path: str, text: str) -> Page:
    """The document with its headings named as forges name them."""
    tokens = _markdown().parse(text)
    used: Counter[str] = Counter()
    headings = []
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        said = "".join(one.content for one in inline.children or () if one.type in ("text", "code_inline"))
        anchor = re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-")
        used[anchor] += 1
        anchor += f"-{used[anchor] - 1}" if used[anchor] > 1 else ""
        opening.attrSet("id", anchor)
        headings.append(Heading(int(opening.tag[1]), said, anchor))
    title = headings[0].text if headings else PurePosixPath(path).stem
    return Page(path, title, tuple(headings), tokens)


def contents(home: Page) -> list[Chapter]:
    """The chapters of the first page: its second headings, each with the links of the lists under it."""
    chapters: list[Chapter] = []
    title, in_list = "", 0
    links: list[tuple[str, str]] = []
    for token, following in zip(home.tokens, [*home.tokens[1:], None], strict=True):
        in_list += token.nesting if token.type.startswith("bullet_list") else 0
        if token.type == "heading_open" and token.tag == "h2" and following is not None:
            chapters += [Chapter(title, tuple(links))] if links else []
            title, links = following.content, []
        elif token.type == "inline" and in_list:
            first = next(_inline_links(token), None)
            target = resolved(home.path, first[0])[0] if first else None
            if first and target:
                links.append((target, first[1]))
    return [*chapters, Chapter(title, tuple(links))] if links else chapters


def _links(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        for one in token.children or ():
            link = one.attrGet("href" if one.type == "link_open" else "src")
            if link is not None:
                yield str(link)


def _inline_links(token: Token) -> Iterator[tuple[str, str]]:
    children = token.children or []
    for number, one in enumerate(children):
        if one.type == "link_open":
            yield str(one.attrGet("href")), children[number + 1].content


# ---- addresses ---------------------------------------------------------------------------------------------


def resolved(path: str, link: str) -> tuple[str | None, str]:
    """What a link of this document leads to in the tree, and the heading there; None for the web's."""
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return None, ""
    target, _, anchor = unquote(link).partition("#")
    if not target:
        return path, anchor
    return os.path.normpath(PurePosixPath(path).parent / target), anchor


def address(path: str) -> str:
    """Where a file of the tree stands in the site: docs/ is its top, all else is under source/."""
    place = path.removeprefix("docs/") if path.startswith("docs/") else f"source/{path}"
    if place.endswith(".md"):
        return re.sub(r"README\.html$", "index.html", f"{place.removesuffix('.md')}.html")
    return place if place.endswith(_PICTURES) else f"{place}.txt"


def relative(place: str, other: str) -> str:
    """The way from one page of the site to another."""
    return os.path.relpath(other, PurePosixPath(place).parent)


# ---- Markdown to HTML --------------------------------------------------------------------------------------


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "highlight": _highlighted}).enable("table")


def _highlighted(code: str, language: str, _attributes: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return html.escape(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _rendered(page: Page, titles: Mapping[str, str]) -> str:
    """The page's body, its links leading about the site; one that is called as its file gets its title."""
    for token in page.tokens:
        children = token.children or []
        for number, one in enumerate(children):
            name = "href" if one.type == "link_open" else "src"
            link = one.attrGet(name)
            target, anchor = resolved(page.path, str(link)) if link is not None else (None, "")
            if target is None:
                if one.type == "link_open":
                    one.attrSet("rel", "noopener noreferrer")
                continue
            target = (
                target if target in titles or "." in PurePosixPath(target).name else f"{target}/README.md"
            )
            if one.type == "link_open" and children[number + 1].content.endswith(".md"):
                children[number + 1].content = titles.get(target, "")
            way = relative(address(page.path), address(target)) if target != page.path else ""
            one.attrSet(name, f"{way}#{anchor}" if anchor else way)
    body = str(_markdown().renderer.render(page.tokens, _markdown().options, {}))
    # What is wider than a telephone scrolls by itself, and must be reachable by the keyboard to do so.
    body = body.replace("<table>", '<div class="wide" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )
    body = body.replace("<pre>", '<pre tabindex="0">').replace("<th></th>", "<td></td>")
    return re.sub(
        r'<h([2-4]) id="([^"]+)">(.*?)</h\1>',
        r'<h\1 id="\2">\3 <a class="anchor" href="#\2" aria-label="Link to this heading">#</a></h\1>',
        body,
    )


def _plain(token: Token) -> str:
    """The words of a paragraph, cell or block, without its marks."""
    parts = [one.content or " " for one in token.children] if token.children else [token.content]
    return " ".join("".join(parts).split())


def _index(pages: Iterable[Page]) -> str:
    """What search looks through: for each heading its page, title, address and text."""
    rows = []
    for page in pages:
        here, place = page.title, address(page.path)
        words: list[str] = []
        for token, following in zip(page.tokens, [*page.tokens[1:], None], strict=True):
            if token.type == "heading_open" and following is not None and token.tag in ("h2", "h3"):
                rows.append([page.title, here, place, " ".join(words)])
                here = following.content.replace("`", "")
                place, words = f"{address(page.path)}#{token.attrGet('id')}", []
            elif token.type in ("inline", "fence"):
                words.append(_plain(token))
        rows.append([page.title, here, place, " ".join(words)])
    return f"const PAGES = {json.dumps(rows, ensure_ascii=False, separators=(',', ':'))};\n"
