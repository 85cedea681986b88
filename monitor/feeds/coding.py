"""Content codings of HTTP undone, never to more than was asked for: a bomb costs its limit and no more.

Our own and not urllib3's, because its cap on each step depends on the versions of three other packages,
and it knows zstd only through a package that is not among our dependencies.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]  # ships no types; its two calls stand below

from monitor.errors import FetchError

if sys.version_info >= (3, 14):  # pragma: no cover
    from compression import zstd
else:
    import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable

    Decode = Callable[[bytes, int], bytes]

ACCEPTED = "gzip, deflate, br, zstd"
_MOST_CODINGS = 3  # applied one over the other; more is an attack
_MOST_MEMBERS = 64  # each copies what is left: 200,000 empty ones would take minutes
GZIP = b"\x1f\x8b"
_ZSTD_STEP = 256  # bytes; a block of 4 bytes may stand for 128 KiB, so that one step is at most 8 MiB
_ZSTD_WINDOW_LOG = 23  # 8 MiB, what RFC 9659 allows for HTTP


def decoded(body: bytes, coding: str, limit: int) -> bytes:
    """The body with the Content-Encoding header's codings undone, in reverse order (RFC 9110 §8.4).

    Raises FetchError if it is longer than `limit` bytes, broken, or in a coding that was not asked for.
    """
    names = [name.strip().lower() for name in coding.split(",")]
    names = [name for name in names if name not in {"", "identity"}]
    if len(names) > _MOST_CODINGS:
        raise FetchError(f"is packed {len(names)} times over")
    for name in reversed(names):
        body = _undone(body, name, limit)
    return body


def too_long(limit: int) -> FetchError:
    """The error of a document of more than `limit` bytes."""
    return FetchError(f"is longer than {limit:,} bytes")


def _undone(body: bytes, name: str, limit: int) -> bytes:
    decode = _DECODERS.get(name)
    if decode is None:
        raise FetchError(f"is packed as {name[:40]!r}, which was not asked for")
    try:
        plain = decode(body, limit)
    except _BROKEN as error:
        raise FetchError(f"is broken where it should be packed as {name}: {error}", weight=0.5) from error
    if len(plain) > limit:
        raise too_long(limit)
    return plain


def _gzip(body: bytes, limit: int) -> bytes:
    """Every member (RFC 1952 §2.2); what follows the last one is padding."""
    plain = bytearray()
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        plain += member.decompress(body, limit + 1 - len(plain))
        if len(plain) > limit:
            break
        if not member.eof:
            raise EOFError("it ends too early")
        body = member.unused_data
        if body[:2] != GZIP:
            break
    return bytes(plain)


def _deflate(body: bytes, limit: int) -> bytes:
    """Zlib's format as RFC 9110 §8.4.1.2 says, or the bare one that some servers send."""
    try:
        return _inflated(zlib.decompressobj(), body, limit)
    except zlib.error:
        return _inflated(zlib.decompressobj(-zlib.MAX_WBITS), body, limit)


def _inflated(inflate: zlib._Decompress, body: bytes, limit: int) -> bytes:
    plain = inflate.decompress(body, limit + 1)
    if not inflate.eof and len(plain) <= limit:
        raise EOFError("it ends too early")
    return plain


def _brotli(body: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    plain: bytes = decoder.process(body, output_buffer_limit=limit + 1)
    if not decoder.is_finished() and len(plain) <= limit:
        raise EOFError("it ends too early")
    return plain


if sys.version_info >= (3, 14):  # pragma: no cover  # each version runs its own half

    def _zstd(body: bytes, limit: int) -> bytes:
        plain = b""
        for _ in range(_MOST_MEMBERS):
            frame = zstd.ZstdDecompressor(
                options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
            )
            plain += frame.decompress(body, limit + 1 - len(plain))
            if not frame.eof and len(plain) <= limit:
                raise EOFError("it ends too early")
            body = frame.unused_data
            if not body or len(plain) > limit:
                break
        return plain

    _BROKEN: tuple[type[Exception], ...] = (zlib.error, brotli.error, EOFError, zstd.ZstdError)
else:

    def _zstd(body: bytes, limit: int) -> bytes:
        decoder = zstandard.ZstdDecompressor(max_window_size=1 << _ZSTD_WINDOW_LOG)
        plain = b""
        for _ in range(_MOST_MEMBERS):
            frame, body = _zstd_frame(decoder.decompressobj(), body, limit - len(plain))
            plain += frame
            if not body or len(plain) > limit:
                break
        return plain

    def _zstd_frame(frame: zstandard.ZstdDecompressionObj, body: bytes, limit: int) -> tuple[bytes, bytes]:
        """One frame unpacked, and what follows it."""
        plain, at = bytearray(), 0
        while not frame.eof and len(plain) <= limit:
            if at >= len(body):
                raise EOFError("it ends too early")
            plain += frame.decompress(body[at : at + _ZSTD_STEP])
            at += _ZSTD_STEP
        return bytes(plain), frame.unused_data + body[at:]

    _BROKEN: tuple[type[Exception], ...] = (zlib.error, brotli.error, EOFError, zstandard.ZstdError)

_DECODERS: dict[str, Decode] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
