"""HTML as plain text: what a reader of the page would see of a title, a summary or a content.

One pass in linear time, whatever the markup: feeds are hostile, and the usual parsers are quadratic on
unclosed tags, quotes and comments. What is not certainly a tag stays as text, because a word that is lost
is an alert that is lost.
"""

from __future__ import annotations

import re
from html import unescape

from monitor.text import clean

_BLOCKS = frozenset(
    "address article aside blockquote br caption center dd details dir div dl dt fieldset "  # noqa: SIM905  # words
    "figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html body iframe "
    "li main menu nav noscript ol option optgroup p pre section select summary table tbody tfoot thead "
    "title tr ul video".split()
)
_SPACES = frozenset({"td", "th"})
_INLINE = frozenset(
    "a abbr acronym applet area audio b base basefont bdi bdo big blink button canvas "  # noqa: SIM905  # words
    "cite code col colgroup data datalist del dfn dialog em embed font i img input ins kbd label legend link "
    "map mark marquee math meta meter nobr object output param path picture progress q rp rt ruby s samp "
    "slot small source span strike strong sub sup svg textarea time track tt u var wbr".split()
)
_DROPPED = frozenset({"script", "style", "template"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track"}
)
_KNOWN = _BLOCKS | _SPACES | _INLINE | _DROPPED

_OPENING = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9:-]*)(?=[\s/>])|(!--)|(!\[CDATA\[)|([!?])(?=[a-zA-Z]))")
_TAG_END = re.compile(r"""=\s*+(["'])|>""")
_HIDDEN = re.compile(r"""\bhidden(?=[\s/=]|$)|display\s*+:\s*+none""", re.IGNORECASE)
_ATTRIBUTE_VALUE = re.compile(r"""=\s*+(?:"[^"]*+"|'[^']*+'|\S++)""")
# html.unescape hands any number to int(), which refuses one of over 4,300 digits and takes a square time.
_HUGE_REFERENCE = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9a-fA-F]{7,}+);?")
_BLANKS = re.compile(r"[ \t\r\n\f]++")
_GAPS = re.compile(r" *+(?:\n *+)++")


def plain(markup: str) -> str:
    """The text of some HTML, cleaned (text.py): blocks and <br> as line breaks, references resolved.

    Scripts, styles, comments and hidden elements are left out. Text without tags stays as it is, but text
    whose tags were escaped once too often is read as what it was meant to be.
    """
    if "<" not in markup and "&" not in markup:
        return clean(markup).strip()
    reader = _Reader(markup)
    text = reader.text()
    if not reader.tags:
        text = _unescaped(markup)
        again = _Reader(text)
        meant = again.text()
        if again.tags > 1:
            return _tidy(_unescaped(meant))
        return clean(text).strip()
    return _tidy(_unescaped(text))


def _unescaped(text: str) -> str:
    return unescape(_HUGE_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def _tidy(text: str) -> str:
    return _GAPS.sub("\n", re.sub(r" {2,}+", " ", clean(text))).strip()


class _Reader:
    """One walk through a text; each kind of end that is once not found is not looked for again."""

    def __init__(self, markup: str) -> None:
        self.tags = 0
        self._markup = markup
        self._out: list[str] = []
        self._missing: set[str] = set()
        self._hidden: list[str] = []  # the open element that hides, and those of its name inside it
        self._mark = 0  # where in `_out` the hidden text begins

    def text(self) -> str:
        """The text, its references still in it. What an element that never ends would hide is kept."""
        markup, at = self._markup, 0
        while (opening := _OPENING.search(markup, at)) is not None:
            self._say(markup[at : opening.start()])
            at = self._after(opening)
            if ">" in self._missing:  # no tag can end any more
                break
        self._say(markup[at:])
        return "".join(self._out)

    def _say(self, text: str) -> None:
        if text:
            self._out.append(_BLANKS.sub(" ", text))

    def _after(self, opening: re.Match[str]) -> int:
        """Where to read on after what begins here; text that only looks like markup is said as it is."""
        if opening.group(4):  # <![CDATA[ in HTML is a leftover: its content is text
            self.tags += 1
            return opening.end()
        if opening.group(3):
            return self._past("-->", opening)
        if opening.group(5):
            return self._past(">", opening)
        name = opening.group(2).lower()
        if name not in _KNOWN and ":" not in name and "-" not in name:
            self._out.append(opening.group())
            return opening.end()
        return self._tag(opening, name)

    def _past(self, end: str, opening: re.Match[str]) -> int:
        found = -1 if end in self._missing else self._markup.find(end, opening.end())
        if found < 0:
            self._missing.add(end)
            return opening.end()
        self.tags += 1
        return found + len(end)

    def _tag(self, opening: re.Match[str], name: str) -> int:
        end = self._tag_end(opening.end())
        if end < 0:
            self._out.append(opening.group())
            return opening.end()
        self.tags += 1
        attributes = self._markup[opening.end() : end - 1]
        closing = bool(opening.group(1))
        if name in _DROPPED and not closing:
            return self._past_element(name, end)
        self._out.append("\n" if name in _BLOCKS else " " if name in _SPACES else "")
        self._hide(name, attributes, closing=closing)
        return end

    def _tag_end(self, at: int) -> int:
        """Just behind the tag's ">", one inside a quoted value passed over; -1 if the tag never ends."""
        start = at
        while "tag" not in self._missing:
            found = _TAG_END.search(self._markup, at)
            if found is None:
                self._missing.add("tag")
                break
            quote = found.group(1)
            if quote is None:
                return found.end()
            close = -1 if quote in self._missing else self._markup.find(quote, found.end())
            if close < 0:
                self._missing.add(quote)
            at = found.end() if close < 0 else close + 1
        # Quotes have swallowed every ">" to the end: from here on a tag simply ends at the next one.
        found_at = -1 if ">" in self._missing else self._markup.find(">", start)
        if found_at < 0:
            self._missing.add(">")
        return found_at + 1 if found_at >= 0 else -1

    def _past_element(self, name: str, at: int) -> int:
        """Behind the end tag of a script or style; behind everything if there is none."""
        if name in self._missing:
            return len(self._markup)
        found = re.compile(f"</{name}[^>]*>?", re.IGNORECASE).search(self._markup, at)
        if found is None:
            self._missing.add(name)
            return len(self._markup)
        return found.end()

    def _hide(self, name: str, attributes: str, *, closing: bool) -> None:
        if self._hidden:
            self._follow(name, closing=closing)
        elif not closing and name not in _VOID and attributes and _hides(attributes):
            self._hidden = [name]
            self._mark = len(self._out)

    def _follow(self, name: str, *, closing: bool) -> None:
        """Counts elements of the hiding one's name, to know its own end tag."""
        if name != self._hidden[0]:
            return
        if not closing:
            self._hidden.append(name)
            return
        self._hidden.pop()
        if not self._hidden:
            del self._out[self._mark :]


def _hides(attributes: str) -> bool:
    found = _HIDDEN.search(attributes)
    if found is None:
        return False
    if ":" in found.group():
        return True
    return _HIDDEN.search(_ATTRIBUTE_VALUE.sub("=", attributes)) is not None
