import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.markup import plain
from monitor.text import clean

TEXTS = [
    ("Peace in our time", "Peace in our time", "text stays as it is"),
    ("two\nlines", "two\nlines", "line breaks of plain text too"),
    ("AT&amp;T &#8217;s &eacute;&nbsp;!", "AT&T ’s é !", "references are resolved"),
    ("a < b and c > d", "a < b and c > d", "comparisons are no tags"),
    ("the <Aliyev> file", "the <Aliyev> file", "what is no HTML element is text"),
    ("<p>One</p><p>Two</p>", "One\nTwo", "blocks are lines"),
    ("One<br>Two<br/>Three<BR />", "One\nTwo\nThree", "so are breaks"),
    ("<b>Ali</b>yev", "Aliyev", "inline elements do not split a word"),
    ("<ul>\n <li>a\n <li>b\n</ul>", "a\nb", "list items"),
    ("<table><tr><td>a</td><td>b</td></tr></table>", "a b", "cells"),
    ("<p>one\n  two</p>", "one two", "line breaks in HTML are white space"),
    ("a<script>var x = '<b>';</script>b", "ab", "scripts are dropped"),
    ("a<STYLE>p {}</style >b", "ab", "styles are dropped"),
    ("a<script>never ends", "a", "and a script that never ends"),
    ("a<script>x<script>y", "a", "nor the second"),
    ("a<!-- <p>no</p> -->b", "ab", "comments are dropped"),
    ("a<!-- never ends <b>b</b>", "a never ends b", "a comment that never ends is text"),
    ("<!DOCTYPE html><?xml x?>a", "a", "declarations are dropped"),
    ("<![CDATA[a]]>", "a]]>", "the opening of CDATA is dropped"),
    ("<span style='display:none'>x<span>y</span></span>a", "a", "hidden by style"),
    ("<div hidden>x</div>a", "a", "hidden by attribute"),
    ("<div class='hidden x'>x</div>a", "x\na", "a class name hides nothing"),
    ("<img hidden>a", "a", "nothing can stand in a void element"),
    ("<p hidden>x", "x", "what never ends hides nothing"),
    ("<a title='a > b' href=\"c>d\">x</a>", "x", "a bracket inside a quoted value"),
    ("<a title='>x</a> y", "x y", "a quote that never ends"),
    ("<b x", "<b x", "a tag that never ends is text"),
    ("<b x <b y", "<b x <b y", "nor does the second"),
    ('<a ="><b>x</b>" <i y', 'x" <i y', "a quote that swallows every end"),
    ("<o:p>x</o:p><fb-like/>y", "xy", "elements of other vocabularies"),
    ("&lt;p&gt;a&lt;/p&gt;&lt;p&gt;b&lt;/p&gt;", "a\nb", "escaped once too often"),
    ("use &lt;b&gt; for bold", "use <b> for bold", "a tag that is spoken of"),
    ("&#99999999999;&#xFFFFFFFFFF;x", "\ufffd\ufffdx", "references beyond Unicode"),
    ("&#" + "1" * 5000 + ";", "\ufffd", "references beyond reason"),
    ("<p>a\u200bb\u00adc</p>", "abc", "invisible characters"),
    ("", "", "nothing"),
]


@pytest.mark.parametrize(("markup", "text", "why"), TEXTS, ids=[row[2] for row in TEXTS])
def test_markup_is_read_as_a_reader_sees_it(markup: str, text: str, why: str) -> None:
    assert plain(markup) == text, why


HOSTILE = [
    "<a ", "<a b='", '<a b="', "<!--", "<!-- --", "<![CDATA[", "<!DOCTYPE ", "</a ", "<script>",
    "<div hidden>",
    "<div style='display:none'>", "<", "&", "&#1", "&lt;", "<p>", '<a "" "', "<b =' >", "a='", "<p =",
    "</script", "<x", "<a hidden='", "<style ",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear_in_the_length(unit: str) -> None:
    began = time.process_time()
    plain(unit * (400_000 // len(unit)))
    assert (
        time.process_time() - began < 5
    )  # half a second at most where this was written; squares take minutes


def test_time_is_linear_in_spaces_of_an_attribute() -> None:
    began = time.process_time()
    plain("<p style='display" + " " * 200_000 + "' x=" + " " * 200_000 + ">x")
    assert time.process_time() - began < 5


PIECES = st.sampled_from([
    "<p>", "</p>", "<b", ">", "'", '"', "=", "<!--", "-->", "<script>", "</script>", "&lt;",
    "&#60;", "word", " ", "\n", "<div hidden>", "</div>", "<![CDATA["])  # fmt: skip


@settings(max_examples=200)
@given(st.lists(PIECES | st.text(max_size=5), max_size=20).map("".join))
def test_nothing_breaks_it_and_what_comes_out_is_clean(markup: str) -> None:
    text = plain(markup)
    assert clean(text) == text
    assert text == text.strip()


@settings(max_examples=100)
@given(st.text(alphabet=st.characters(exclude_characters="<&"), max_size=50))
def test_text_without_markup_is_only_cleaned(text: str) -> None:
    assert plain(text) == clean(text).strip()
