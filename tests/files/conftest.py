"""Buckets for the tests."""

from collections.abc import Iterator

import pytest

from tests.files.bucket import Bucket, Server, s3_server


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the module's tests share."""
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as server:
        yield server


@pytest.fixture
def bucket(s3: Server) -> Bucket:
    """An empty bucket of the test's own."""
    return s3.bucket()
