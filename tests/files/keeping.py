"""What a place for files keeps to, be it a folder or a bucket."""

from __future__ import annotations

import pytest

from backroom.errors import NotFound
from backroom.files.blobs import PIECE, Blobs


def assert_streams_in_pieces(blobs: Blobs) -> None:
    data = bytes(range(256)) * 5_000
    blobs.put("p/f", data)
    pieces = list(blobs.stream("p/f", 0, len(data), len(data)))
    assert b"".join(pieces) == data
    assert len(pieces) > 1
    assert max(len(piece) for piece in pieces) < 2 * PIECE
    assert b"".join(blobs.stream("p/f", 1_000, 700_001, len(data))) == data[1_000:700_001]


def assert_finds_nothing_where_nothing_is(blobs: Blobs) -> None:
    blobs.put("p/f", b"x")
    blobs.delete(["p/none", "p/f", "q/none"])
    with pytest.raises(NotFound):
        blobs.get("p/f")
    with pytest.raises(NotFound):
        blobs.stream("p/f", 0, 1, 1)
    with pytest.raises(NotFound):
        blobs.check("p/f", 1)


def assert_tells_what_has_another_size(blobs: Blobs) -> None:
    blobs.put("p/f", b"cut")
    blobs.check("p/f", 3)
    with pytest.raises(NotFound):
        blobs.check("p/f", 8)
    with pytest.raises(NotFound):
        blobs.stream("p/f", 0, 2, 8)
