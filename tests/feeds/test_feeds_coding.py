import gzip
import sys
import zlib

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.feeds.coding import decoded

if sys.version_info >= (3, 14):
    from compression.zstd import compress as zstd
else:
    from zstandard import compress as zstd


def bare_deflate(plain: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "DEFLATE": bare_deflate,  # what some servers mean by it
    "br": brotli.compress,
    "zstd": zstd,
}
LIMIT = 100_000


@settings(max_examples=50)
@given(plain=st.binary(max_size=2000), coding=st.sampled_from(sorted(PACKERS)))
def test_what_was_packed_is_unpacked(plain: bytes, coding: str) -> None:
    assert decoded(PACKERS[coding](plain), coding, LIMIT) == plain


@pytest.mark.parametrize("coding", PACKERS)
def test_a_bomb_stops_at_the_limit(coding: str) -> None:
    with pytest.raises(FetchError, match="longer than 100,000 bytes"):
        decoded(PACKERS[coding](bytes(20_000_000)), coding, LIMIT)


@pytest.mark.parametrize("coding", PACKERS)
def test_a_body_that_is_cut_off_or_garbled_is_an_error(coding: str) -> None:
    packed = PACKERS[coding](bytes(range(256)) * 40)
    for broken in (packed[: len(packed) // 2], b"\x00\xff" * 20, packed[:3]):
        with pytest.raises(FetchError, match="broken where it should be packed"):
            decoded(broken, coding, LIMIT)


def test_codings_are_undone_in_reverse_order() -> None:
    assert decoded(brotli.compress(gzip.compress(b"text")), "gzip, br", LIMIT) == b"text"


def test_no_coding_and_identity_leave_the_body() -> None:
    assert decoded(b"text", "", LIMIT) == b"text"
    assert decoded(b"text", "identity", LIMIT) == b"text"


def test_several_gzip_members_are_one_body_and_padding_is_none() -> None:
    assert decoded(gzip.compress(b"a") + gzip.compress(b"b") + bytes(9), "gzip", LIMIT) == b"ab"


def test_several_zstd_frames_are_one_body() -> None:
    assert decoded(zstd(b"a") + zstd(b"b"), "zstd", LIMIT) == b"ab"


def test_a_coding_that_was_not_asked_for_is_an_error() -> None:
    with pytest.raises(FetchError, match="'compress', which was not asked for"):
        decoded(b"x", "compress", LIMIT)


def test_codings_without_end_are_an_error() -> None:
    with pytest.raises(FetchError, match="packed 9 times over"):
        decoded(b"x", ",".join(["gzip"] * 9), LIMIT)
