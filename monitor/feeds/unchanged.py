"""The answer that most polls end with, asked for and read by hand: nothing has changed (304).

http.client reads its four lines as it would a mail, and takes most of the poll for it. What is not plainly
such an answer is left to it, to the byte. Nothing here connects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATUS = b"HTTP/1.1 304"
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A 304 as urllib3's response shows one: its headers by their names in lower case, and no body."""

    headers: Mapping[str, str]
    status: int = 304
    closed: bool = True  # read to its end

    @property
    def is_last(self) -> bool:
        """Whether the server is going to close the connection."""
        return "close" in self.headers.get("connection", "").lower()

    def read(self, _most: int | None = None, *, decode_content: bool | None = None) -> bytes:
        """Nothing: a 304 has no body (RFC 9110 §15.4.5)."""
        del decode_content
        return b""

    def close(self) -> None:
        """Nothing is open."""


def request(target: str, host: str, headers: Mapping[str, str], *, method: str = "GET") -> bytes:
    """The head of a request as it is sent. Raises ValueError for what would make two headers of one."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {headers[name]}" for name in headers]
    head = "\r\n".join((*lines, "", "")).encode("latin-1")
    if head.count(b"\n") != len(lines) + 1 or head.count(b"\r") != len(lines) + 1:
        raise ValueError("a header holds a line break")
    return head


def unchanged(head: bytes) -> Unchanged | None:
    """The answer, if this is a 304 from its first byte to its last; else None."""
    if not (head.startswith(_STATUS) and head.find(_END) == len(head) - len(_END)):
        return None
    first, *lines = head[: -len(_END)].decode("latin-1").split("\r\n")
    if len(first) > len(_STATUS) and first[len(_STATUS)] != " ":
        return None
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name.strip() != name:
            return None  # no header, or one that goes on from the line before
        name, value = name.lower(), value.strip(" \t")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return Unchanged(found)
