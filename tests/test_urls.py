import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.urls import Parts, canonical, parts, problem

SAME = [
    ("HTTP://Example.COM/a", "https://example.com/a", "case of the host and the scheme"),
    ("https://example.com:443/a", "https://example.com/a", "default port"),
    ("http://example.com:80/a", "https://example.com/a", "default port of the other scheme"),
    ("https://example.com./a", "https://example.com/a", "the root's full stop"),
    ("https://example.com", "https://example.com/", "no path is the root"),
    ("https://user:secret@example.com/a", "https://example.com/a", "user names"),
    ("https://example.com/a#comments", "https://example.com/a", "fragment"),
    ("https://example.com/a?utm_source=rss&utm_medium=x", "https://example.com/a", "campaigns"),
    ("https://example.com/a?fbclid=1&id=3&yclid=2", "https://example.com/a?id=3", "networks, but id stays"),
    ("https://example.com/a?%75tm_source=x", "https://example.com/a", "campaigns in disguise"),
    ("https://example.com/a?from=rss&x=1", "https://example.com/a?x=1", "where the reader came from"),
    ("https://example.com/?b=2&a=1", "https://example.com/?a=1&b=2", "order of parameters"),
    ("https://example.com/?&a=1&&", "https://example.com/?a=1", "empty parameters"),
    ("https://www.example.com/a", "https://example.com/a", "www"),
    ("https://m.example.com/a", "https://example.com/a", "mobile edition"),
    ("https://amp.example.com/a", "https://example.com/a", "AMP host"),
    ("https://example.com/a/amp/", "https://example.com/a", "AMP path"),
    ("https://example.com/a/amp", "https://example.com/a", "AMP path without slash"),
    ("https://example.com/amp/a", "https://example.com/a", "AMP path in front"),
    ("https://example.com/a.amp.html", "https://example.com/a.html", "AMP suffix"),
    ("https://example.com/a?amp=1", "https://example.com/a", "AMP parameter"),
    ("https://example-com.cdn.ampproject.org/c/s/example.com/a", "https://example.com/a", "AMP cache"),
    ("https://www.google.com/amp/s/m.example.com/a/amp/", "https://example.com/a", "AMP viewer"),
    ("https://пример.рф/путь", "https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C", "IDN"),
    ("https://example.com/%7euser/%c3%a9", "https://example.com/~user/%C3%A9", "percent-encoding"),
    ("  https://example.com/a ", "https://example.com/a", "white space round it"),
    ("http://[2001:DB8::1]:8080/a", "https://[2001:db8::1]:8080/a", "IPv6"),
]


@pytest.mark.parametrize(("link", "same", "why"), SAME, ids=[row[2] for row in SAME])
def test_what_does_not_name_another_page_is_off(link: str, same: str, why: str) -> None:
    assert canonical(link) == same, why


OTHER = [
    ("https://example.com/a?id=1", "https://example.com/a?id=2"),
    ("https://example.com/a?p=1", "https://example.com/a"),
    ("https://example.com/A", "https://example.com/a"),
    ("https://example.com:8080/a", "https://example.com/a"),
    ("https://m.me/a", "https://me/a"),
    ("https://example.com/a%2Fb", "https://example.com/a/b"),
    ("https://example.com/a?from=alice", "https://example.com/a"),
    ("https://example.com/camp", "https://example.com/c"),
]


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_may_name_another_page_stays(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    "link",
    ["", "mailto:a@example.com", "/path", "javascript:alert(1)", "ftp://example.com/", "http://",
     f"https://{'ё' * 70}.com/", "http://a b/",
     "http://ex%2561mple.com/", "https://%/"],
)  # fmt: skip
def test_what_is_no_web_link_has_no_identity(link: str) -> None:
    assert canonical(link) == ""


PIECES = st.sampled_from(
    "http:// https:// www. m. amp. example.com EXAMPLE.com :80 :8443 / /amp /amp/ .amp .html ? & = id=3 # "  # noqa: SIM905  # words
    "utm_source=x %61 %2F %25 % %zz é ü.az \\ @ [::1] .cdn.ampproject.org /c/s/ google.com +".split()
)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_the_identity_of_an_identity_is_itself(link: str) -> None:
    for spelt in (link, f"https://{link}", f"https://www.google.com/amp/s/{link}"):
        assert canonical(canonical(spelt)) == canonical(spelt)


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_no_text_breaks_it(link: str) -> None:
    for spelt in (link, f"http://{link}", f"http://example.com/{link}"):
        assert canonical(canonical(spelt)) == canonical(spelt)
        problem(spelt)


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "https://example.com:8443/feed?x=1", "https://пример.рф/лента", "http://192.0.2.1/",
     "http://[2001:db8::1]:80/", "HTTPS://EXAMPLE.COM/", "http://localhost/feed", "http://a_b.example.com/"],
)  # fmt: skip
def test_an_address_of_the_web_may_be_polled(url: str) -> None:
    assert problem(url) == ""


REFUSED = [
    ("file:///etc/passwd", "does not begin"),
    ("gopher://example.com/", "does not begin"),
    ("example.com/feed", "does not begin"),
    ("http://user@example.com/", "user name"),
    ("http://good.example@evil.example/", "user name"),
    ("http://good.example\\@evil.example/", "backslash"),
    ("http://example.com/a b", "white space"),
    ("http://example.com/a\r\nHost: b", "control"),
    ("http://exa\u2028mple.com/", "white space"),
    ("http://", "no host"),
    ("http://:80/", "no host"),
    ("http://a..b/", "no host name"),
    ("http://-a.example/", "no host name"),
    ("http://exa%6dple.com/", "no host name"),
    (f"http://{'a' * 64}.com/", "no host name"),
    ("http://[::1/", "no address"),
    ("http://[fe80::1%eth0]/", "no address"),
    ("http://127.1/", "in disguise"),
    ("http://2130706433/", "in disguise"),
    ("http://0x7f.0.0.1/", "no host name|in disguise"),
    ("http://0177.0.0.0x1/", "in disguise"),
    ("http://example.com:0/", "port"),
    ("http://example.com:65536/", "port"),
    ("http://example.com:/", "port"),
    ("http://example.com/" + "a" * 9000, "longer"),
]


@pytest.mark.parametrize(("url", "why"), REFUSED, ids=[row[0][:40] for row in REFUSED])
def test_an_address_that_may_not_be_polled_is_told_why(url: str, why: str) -> None:
    assert any(part in problem(url) for part in why.split("|"))


def test_an_address_is_taken_apart_as_a_connection_needs_it() -> None:
    assert parts("HTTPS://Пример.РФ:8443/а?б#") == Parts(
        "https", "xn--e1afmkfd.xn--p1ai", 8443, "/%D0%B0?%D0%B1"
    )
    assert parts("http://[::1]") == Parts("http", "::1", 80, "/")
