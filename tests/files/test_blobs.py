"""Where bytes are kept."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backroom.errors import StoreFailed
from backroom.files.blobs import Blobs, open_store
from tests.files.keeping import (
    assert_finds_nothing_where_nothing_is,
    assert_streams_in_pieces,
    assert_tells_what_has_another_size,
)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs("", tmp_path / "data" / "files")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_bytes_come_back(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put("p1/f1", b"one")
    blobs.put("p1/f2", b"two")
    blobs.put("p1/f1", b"other")
    assert (blobs.get("p1/f1"), blobs.get("p1/f2")) == (b"other", b"two")
    assert (tmp_path / "data/files/p1/f1").read_bytes() == b"other"


def test_bytes_are_streamed_in_pieces(blobs: Blobs) -> None:
    assert_streams_in_pieces(blobs)


def test_what_is_not_there(blobs: Blobs) -> None:
    assert_finds_nothing_where_nothing_is(blobs)


def test_what_was_cut(blobs: Blobs) -> None:
    assert_tells_what_has_another_size(blobs)


def test_a_relative_folder_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blobs = Blobs("", Path("data/files"))
    monkeypatch.chdir("/")
    blobs.put("p/f", b"x")
    assert (tmp_path / "data/files/p/f").read_bytes() == b"x"


def test_a_folder_by_its_address(tmp_path: Path) -> None:
    blobs = Blobs(f"file://{tmp_path}/kept", tmp_path / "unused")
    blobs.put("p/f", b"x")
    assert (tmp_path / "kept/p/f").read_bytes() == b"x"
    assert not (tmp_path / "unused").exists()


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_behind(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put("p/kept", b"kept")
    with _largest_file(1_000), pytest.raises(StoreFailed):
        blobs.put("p/f", bytes(100_000))
    assert [path.name for path in _files(tmp_path)] == ["kept"]


def test_a_folder_that_is_gone_is_a_failure_of_the_store(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "data" / "files" / "p").write_text("a file where a folder should be")
    with pytest.raises(StoreFailed):
        blobs.put("p/f", b"x")


@pytest.mark.parametrize("url", ["nonsense", "ftp://x/y", "s3://", "memory:///", "gopher://x"])
def test_addresses_that_keep_nothing_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        open_store(url, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("url", "kind"), [("s3://bucket/some/where", "S3Store"), ("gs://bucket/x", "GCSStore")])
def test_buckets_are_known(url: str, kind: str, tmp_path: Path) -> None:
    assert type(open_store(url, tmp_path)).__name__ == kind


@pytest.mark.parametrize(
    ("url", "variables"), [("s3://bucket", "AWS"), ("gs://bucket", "GOOGLE"), ("az://container/some/where", "AZURE")]
)
def test_the_variables_of_a_service_count_more_than_our_limits(
    url: str, variables: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv(f"{variables}_READ_TIMEOUT", "30s")
    open_store(url, tmp_path)
    monkeypatch.setenv(f"{variables}_READ_TIMEOUT", "soon")
    with pytest.raises(ValueError, match="Duration"):
        open_store(url, tmp_path)
