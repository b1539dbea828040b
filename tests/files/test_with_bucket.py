"""A running Backroom whose files are in a bucket: reports with pictures, sweeps, backups, the doctor."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from backroom.clock import HOUR, now_ms
from backroom.files.blobs import Blobs
from backroom.files.sniff import AUDIO_BYTES
from backroom.upkeep.sweep import sweep_doomed
from tests.contract.patchrooms.api import WEBM, Api, audio, failure, picture, report, screenshot
from tests.files.bucket import Bucket
from tests.files.bucket import Server as S3
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer
from tests.harness.server import Cli, Server
from tests.harness.store import new_store
from tests.upkeep.contents import database

PATIENCE = 40
"""Seconds: obstore's own limits, of one to three minutes, are over it."""
LONG = WEBM + os.urandom(AUDIO_BYTES - len(WEBM))

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def _api(server: Server, cast: Cast) -> Api:
    owner = cast.owner
    http = httpx.Client(base_url=server.url)
    return Api(http, owner.project.id, owner.project.project_key, owner.key)


@pytest.fixture
def server(fresh_cast: Cast, bucket: Bucket, start_server: StartServer) -> Server:
    return start_server(fresh_cast.store, **bucket.env)


@pytest.fixture
def api(server: Server, fresh_cast: Cast) -> Iterator[Api]:
    api = _api(server, fresh_cast)
    with api.http:
        yield api


def _read(api: Api, url: str, **headers: str) -> httpx.Response:
    return api.http.get(url, headers=headers | {"Authorization": f"Bearer {api.key}"})


def _send(api: Api, *files: bytes) -> tuple[str, list[str]]:
    """Sends a report with a picture and voice notes; its id, and the addresses of its files."""
    shot, *notes = files
    blocks = [screenshot("shot"), *[audio(f"note{number}") for number in range(len(notes))]]
    parts = [("shot", shot), *[(f"note{number}", note) for number, note in enumerate(notes)]]
    stored = api.stored(api.send_form(report(*blocks), *parts))
    return stored["id"], [block["url"] for block in stored["blocks"]]


def _key(api: Api, url: str) -> str:
    return f"some/path/{api.project}/{url.rpartition('/')[2]}"


def _checks(cli: Cli, *words: str) -> dict[str, Any]:
    found = json.loads(cli.run("doctor", *words, "--json").out)["checks"]
    return {check["name"]: check for check in found}


def test_files_go_into_the_bucket_and_come_back(api: Api, bucket: Bucket, fresh_cast: Cast) -> None:
    _, urls = _send(api, picture(), LONG)
    assert bucket.contents() == {_key(api, urls[0]): picture(), _key(api, urls[1]): LONG}
    assert not (fresh_cast.store.data_dir / "files").exists()
    for url, data in zip(urls, (picture(), LONG), strict=True):
        whole = _read(api, url)
        assert (whole.status_code, whole.content) == (200, data)
    part = _read(api, urls[1], Range="bytes=1000-5000000")
    assert (part.status_code, part.content) == (206, LONG[1_000:5_000_001])
    last = _read(api, urls[1], Range="bytes=-7")
    assert (last.status_code, last.content) == (206, LONG[-7:])


def test_a_refused_report_leaves_nothing_in_the_bucket(api: Api, bucket: Bucket) -> None:
    answer = api.send_form(report(screenshot("a"), screenshot("b")), ("a", picture()), ("b", b"no picture"))
    assert answer.status_code == 415
    assert bucket.contents() == {}


def test_the_sweep_deletes_what_a_deleted_report_had(
    api: Api, bucket: Bucket, fresh_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gone, urls), (_, kept) = _send(api, picture(), WEBM), _send(api, picture("JPEG"))
    headers = {"x-api-key": fresh_cast.owner.miniback_key}
    assert api.http.delete(f"/api/feedback/{gone}", headers=headers).is_success
    assert _read(api, urls[0]).status_code == 404
    for name, value in bucket.credentials.items():
        monkeypatch.setenv(name, value)
    with database(fresh_cast.store) as db:
        sweep_doomed(db, Blobs(bucket.url, Path()), now_ms())
        assert bucket.contents().keys() == {_key(api, url) for url in (*urls, *kept)}
        sweep_doomed(db, Blobs(bucket.url, Path()), now_ms() + HOUR)
    assert bucket.contents() == {_key(api, kept[0]): picture("JPEG")}


def test_backup_and_restore_copy_the_files(
    api: Api, bucket: Bucket, s3: S3, fresh_cast: Cast, tmp_path: Path, start_server: StartServer
) -> None:
    _, urls = _send(api, picture(), WEBM)
    file = tmp_path / "backup.tar.gz"
    made = Cli(fresh_cast.store, bucket.env)("backup", str(file))
    assert (made["files"], made["missing"]) == (2, [])
    other = s3.bucket()
    with new_store(tmp_path / "restored", None) as store:
        assert Cli(store, other.env)("restore", str(file))["files"] == 2
        assert other.contents() == bucket.contents()
        restored = _api(start_server(store, **other.env), replace(fresh_cast, store=store))
        with restored.http:
            assert [_read(restored, url).content for url in urls] == [picture(), WEBM]


def test_a_backup_without_its_bucket_fails(api: Api, bucket: Bucket, fresh_cast: Cast, tmp_path: Path) -> None:
    """It doesn't take the files for gone."""
    _send(api, picture())
    elsewhere = bucket.env | {"BACKROOM_FILES_URL": "s3://nowhere"}
    done = Cli(fresh_cast.store, elsewhere).run("backup", str(tmp_path / "backup.tar.gz"))
    assert done.status == 1
    assert "404 Not Found" in done.err
    assert not (tmp_path / "backup.tar.gz").exists()


def test_the_doctor_speaks_to_the_bucket(api: Api, bucket: Bucket, fresh_cast: Cast) -> None:
    _send(api, picture(), WEBM)
    before = bucket.contents()
    checks = _checks(Cli(fresh_cast.store, bucket.env), "--files")
    assert checks["files"]["detail"] == f"{bucket.url} can be written and read"
    assert checks["missing files"]["detail"] == "none: all 2 files exist and have the right size"
    assert (checks["stray files"]["ok"], checks["stray files"]["detail"]) == (True, "none")
    assert bucket.contents() == before


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"BACKROOM_FILES_URL": "s3://nowhere"}, "404 Not Found (NoSuchBucket)"),
        ({"AWS_SECRET_ACCESS_KEY": "of-somebody-else"}, "403 Forbidden (SignatureDoesNotMatch)"),
    ],
    ids=["no bucket", "wrong secret"],
)
def test_the_doctor_says_why_a_bucket_is_out_of_reach(
    bucket: Bucket, cast: Cast, env: dict[str, str], words: str
) -> None:
    cli = Cli(cast.store, bucket.env | env)
    checks = _checks(cli, "--files")
    assert [name for name, check in checks.items() if not check["ok"]] == ["files"]
    assert words in checks["files"]["detail"]
    assert "missing files" not in checks
    assert "of-somebody-else" not in str(checks)


def test_a_report_whose_picture_cannot_be_kept_fails_and_may_be_sent_again(
    api: Api, server: Server, bucket: Bucket, s3: S3
) -> None:
    sent = report(screenshot("shot"))
    with s3.silent():
        assert failure(api.send_form(sent, ("shot", picture()))) == (503, "UNAVAILABLE")
    assert api.get("/feedback")["items"] == []
    assert server.log.count("files_failed") == 1
    assert bucket.secret not in server.log
    stored = api.stored(api.send_form(sent, ("shot", picture())))
    assert _read(api, stored["blocks"][0]["url"]).content == picture()


def test_a_wrong_secret_is_an_answer_to_the_reporter_and_a_line_in_the_log(
    fresh_cast: Cast, bucket: Bucket, start_server: StartServer
) -> None:
    server = start_server(fresh_cast.store, **(bucket.env | {"AWS_SECRET_ACCESS_KEY": "of-somebody-else"}))
    api = _api(server, fresh_cast)
    with api.http:
        assert failure(api.send_form(report(screenshot("shot")), ("shot", picture()))) == (503, "UNAVAILABLE")
        assert api.get("/feedback")["items"] == []
    assert "403 Forbidden (SignatureDoesNotMatch)" in server.log
    assert "of-somebody-else" not in server.log
