"""The 304 that is read by hand: it is what http.client makes of it, and all else is left to that."""

import http.client
import io
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.unchanged import request, unchanged

NAMES = st.sampled_from(["ETag", "etag", "Cache-Control", "Expires", "Date", "X-A", "Connection"])
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f\x85\xa0"))


def by_http_client(head: bytes) -> http.client.HTTPResponse:
    sock = SimpleNamespace(makefile=lambda _mode: io.BytesIO(head))
    response = http.client.HTTPResponse(sock, method="GET")  # type: ignore[arg-type]  # it only makes a file of it
    response.begin()
    return response


@given(st.lists(st.tuples(NAMES, VALUES)), st.sampled_from(["", " Not Modified", " "]))
def test_its_headers_are_those_that_http_client_reads(headers: list[tuple[str, str]], reason: str) -> None:
    lines = [f"HTTP/1.1 304{reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
    head = "\r\n".join(lines).encode("latin-1")
    answer, theirs = unchanged(head), by_http_client(head)
    assert answer is not None
    assert (answer.status, theirs.status, answer.read(), theirs.read()) == (304, 304, b"", b"")
    for name in {name.lower() for name, _ in headers}:
        assert answer.headers[name] == ", ".join(
            value.strip(" \t") for value in theirs.headers.get_all(name, [])
        )
    assert answer.is_last >= theirs.will_close
    answer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 304",  # cut short
        b"HTTP/1.1 304 Not Modified\r\nETag: a\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\nbody",  # which a 304 has not
        b"HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 3040\r\n\r\n",
        b"HTTP/1.0 304 Not Modified\r\n\r\n",  # does not stay open unless it says so
        b"HTTP/1.1 304 Not Modified\r\nETag: a\r\n b\r\n\r\n",  # folded
        b"HTTP/1.1 304 Not Modified\r\nno colon\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n: nameless\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\n\n",
        b"",
    ],
)
def test_what_is_not_plainly_a_304_is_left_to_http_client(head: bytes) -> None:
    assert unchanged(head) is None


def test_a_request_is_what_it_says() -> None:
    sent = request("/feed?a=1", "wire.example:8080", {"User-Agent": "me", "If-None-Match": '"é"'})
    lines = [b"GET /feed?a=1 HTTP/1.1", b"Host: wire.example:8080", b"User-Agent: me"]
    assert sent == b"\r\n".join([*lines, b'If-None-Match: "\xe9"', b"", b""])


@pytest.mark.parametrize("value", ["a\r\nX-B: b", "a\nb", "a\rb", "\u2014"])
def test_no_header_is_made_into_two_or_into_another(value: str) -> None:
    with pytest.raises(ValueError, match=r"line break|latin-1"):
        request("/", "wire.example", {"X-A": value})
