"""Patchrooms, Ingest (B) as multipart/form-data, and the files read back (Widget: the limits of a report)."""

import hashlib
import json
import os
import resource
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from backroom.files.sniff import AUDIO_BYTES, SCREENSHOT_BYTES
from tests.contract.patchrooms.api import MP4, UNKNOWN_ID, WEBM, Api, audio, failure, picture, report, screenshot, text
from tests.contract.patchrooms.conftest import NewRoom
from tests.harness.cast import Cast
from tests.harness.fixtures import StartServer

TWO_MB = 2 * 1024 * 1024


@pytest.fixture
def room(new_room: NewRoom) -> Api:
    return new_room()


@pytest.fixture
def kept(cast: Cast, room: Api) -> Path:
    """The folder with the room's files."""
    return cast.store.data_dir / "files" / room.project


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def _read(api: Api, url: str, **headers: str) -> httpx.Response:
    """The file at the address of a stored block."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.http.get(url, headers=named | {"Authorization": f"Bearer {api.key}"})


def _png(size: int, width: int = 3, height: int = 2) -> bytes:
    """A PNG of exactly `size` bytes, padded by a chunk that nobody shows."""
    plain = picture(width=width, height=height)
    padding = bytes(size - len(plain) - 12)
    chunk = b"prVt" + padding
    return plain[:33] + len(padding).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + plain[33:]


def test_screenshots_and_audio_are_kept_and_read_back(room: Api) -> None:
    """Stored blocks carry `url` in place of `file`; measures are those of the bytes; files come back as sent."""
    sent = report(
        text("look"),
        screenshot("a", 999, 999, annotations=[{"kind": "arrow", "to": [1, 2.5]}]),
        screenshot("b"),
        audio("v", 1200),
        audio("w", 300_000),
    )
    files = {"a": picture("PNG", 7, 5), "b": picture("JPEG", 20, 10), "v": WEBM, "w": MP4}
    stored = room.stored(room.send_form(sent, *files.items()))
    urls = [block.get("url") for block in stored["blocks"]]
    assert stored["blocks"] == [
        text("look"),
        {
            "type": "screenshot",
            "url": urls[1],
            "width": 7,
            "height": 5,
            "annotations": [{"kind": "arrow", "to": [1, 2.5]}],
        },
        {"type": "screenshot", "url": urls[2], "width": 20, "height": 10},
        {"type": "audio", "url": urls[3], "durationMs": 1200},
        {"type": "audio", "url": urls[4], "durationMs": 300_000},
    ]
    kinds = ("image/png", "image/jpeg", "audio/webm", "audio/mp4")
    for url, data, kind in zip(urls[1:], files.values(), kinds, strict=True):
        assert url.startswith(f"/api/v1/projects/{room.project}/files/")
        answer = _read(room, url)
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, data, kind)


@pytest.mark.parametrize(
    ("name", "data", "block"),
    [("scr", picture(), screenshot("f")), ("aud", WEBM, audio("f"))],
    ids=["screenshot", "audio"],
)
def test_files_are_never_sniffed_and_never_run(room: Api, name: str, data: bytes, block: dict[str, Any]) -> None:
    """A file is handed out as what its bytes were judged to be, in a sandbox, for this site alone."""
    url = room.stored(room.send_form(report(block), ("f", data)))["blocks"][0]["url"]
    headers = _read(room, url).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    ending = "png" if name == "scr" else "webm"
    assert headers["content-disposition"] == f'inline; filename="{name}_{url[-24:]}.{ending}"'
    assert headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "access-control-allow-origin" not in headers


def test_a_file_that_the_client_has_is_304(room: Api) -> None:
    url = room.stored(room.send_form(report(screenshot("f")), ("f", picture())))["blocks"][0]["url"]
    tag = _read(room, url).headers["etag"]
    assert tag == f'"{hashlib.sha256(picture()).hexdigest()}"'
    again = _read(room, url, If_None_Match=f'"other", {tag}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_head_tells_of_a_file_without_its_bytes(room: Api) -> None:
    url = room.stored(room.send_form(report(audio("f")), ("f", WEBM)))["blocks"][0]["url"]
    answer = room.http.head(url, headers={"Authorization": f"Bearer {room.key}"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(WEBM))


BODY = WEBM + os.urandom(700_000)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=600000-", 600_000, len(BODY)),
        ("bytes=-5", len(BODY) - 5, len(BODY)),
        ("bytes=-99999999", 0, len(BODY)),
        (f"bytes=5-{len(BODY) * 2}", 5, len(BODY)),
    ],
)
def test_a_range_of_a_file_is_206(owner: Api, asked: str, start: int, end: int) -> None:
    """Audio can seek: one range of bytes, 206 (RFC 9110, 14)."""
    url = owner.stored(owner.send_form(report(audio("f")), ("f", BODY)))["blocks"][0]["url"]
    answer = _read(owner, url, Range=asked)
    assert (answer.status_code, answer.content) == (206, BODY[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(BODY)}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["accept-ranges"] == "bytes"


def test_other_ranges(room: Api) -> None:
    """Behind the end 416; several, backward, broken ones and those of something else: the whole file."""
    url = room.stored(room.send_form(report(audio("f")), ("f", WEBM)))["blocks"][0]["url"]
    for asked in (f"bytes={len(WEBM)}-", "bytes=999999-9999999", "bytes=-0"):
        answer = _read(room, url, Range=asked)
        assert failure(answer) == (416, "RANGE_NOT_SATISFIABLE")
        assert answer.headers["content-range"] == f"bytes */{len(WEBM)}"
    for asked in ("bytes=0-1,3-4", "bytes=5-4", "bytes=-", "bytes=x-", "lines=0-1", "bytes=" + "9" * 400 + "-", "\xff"):
        answer = room.http.get(
            url, headers={b"Authorization": f"Bearer {room.key}".encode(), b"Range": asked.encode("latin-1")}
        )
        assert (answer.status_code, answer.content) == (200, WEBM)
    for asked in ("bytes=0-3", "bytes=999999-"):
        bare = room.http.head(url, headers={"Authorization": f"Bearer {room.key}", "Range": asked})
        assert (bare.status_code, bare.headers["content-length"]) == (200, str(len(WEBM))), "only for GET"
    tag = _read(room, url).headers["etag"]
    assert _read(room, url, Range="bytes=0-3", If_Range=tag).status_code == 206
    assert _read(room, url, Range="bytes=0-3", If_Range='"older"').content == WEBM


def test_files_are_for_their_project_s_readers(room: Api, new_room: NewRoom, outsider: Api, owner: Api) -> None:
    """Read back with feedback:read; not in this project 404; another project's key 403; no key 401."""
    url = room.stored(room.send_form(report(screenshot("f")), ("f", picture())))["blocks"][0]["url"]
    assert failure(room.http.get(url)) == (401, "UNAUTHORIZED")
    assert failure(_read(outsider, url)) == (403, "FORBIDDEN")
    elsewhere = url.replace(room.project, outsider.project)
    assert failure(_read(outsider, elsewhere)) == (404, "NOT_FOUND")
    for id_ in (UNKNOWN_ID, "x", "%2e%2e%2fbackroom.db", "%00"):
        assert failure(room.call("GET", f"/files/{id_}")) == (404, "NOT_FOUND")


def test_a_retry_with_files_leaves_nothing_behind(room: Api, kept: Path) -> None:
    """`clientId`: a retry answers the first result, 200; its files are not kept twice."""
    sent = report(screenshot("f"), audio("g"))
    first = room.send_form(sent, ("f", picture()), ("g", WEBM))
    before = _names(kept)
    assert len(before) == 2
    again = room.send_form(sent, ("f", picture("JPEG")), ("g", MP4))
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert _names(kept) == before
    assert _read(room, room.stored(first)["blocks"][0]["url"]).content == picture()


def test_retries_with_files_at_once_make_one_report(room: Api, kept: Path) -> None:
    sent = report(screenshot("f"))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: room.send_form(sent, ("f", picture())), range(18)))
    assert sorted(answer.status_code for answer in answers) == [200] * 17 + [201]
    assert len(_names(kept)) == 1
    assert _read(room, room.stored(answers[0])["blocks"][0]["url"]).content == picture()


def test_a_paused_project_keeps_no_files(new_room: NewRoom, cast: Cast) -> None:
    room = new_room(status="PAUSED")
    assert failure(room.send_form(report(screenshot("f")), ("f", picture()))) == (403, "FORBIDDEN")
    assert _names(cast.store.data_dir / "files" / room.project) == []


HTML = b"<!doctype html><script>alert(1)</script>"
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("block", "data"),
    [
        (screenshot("f"), b""),
        (screenshot("f"), HTML),
        (screenshot("f"), SVG),
        (screenshot("f"), GIF),
        (screenshot("f"), WEBM),
        (screenshot("f"), b"\n" + picture()),
        (screenshot("f"), HTML + picture()),
        (screenshot("f"), picture()[:20]),
        (screenshot("f"), picture("JPEG")[:20]),
        (screenshot("f"), picture("WEBP")),
        (screenshot("f"), b"\x89PNG\r\n\x1a\n" + HTML),
        (screenshot("f"), b"\xff\xd8\xff" + HTML),
        (audio("f"), b""),
        (audio("f"), HTML),
        (audio("f"), picture()),
        (audio("f"), WEBM.replace(b"webm", b"matr")),
        (audio("f"), b"\x1a\x45\xdf\xa3" + HTML),
        (audio("f"), b"RIFF\x00\x00\x00\x00WAVEfmt "),
        (audio("f"), b"OggS" + bytes(40)),
        (audio("f"), MP4.replace(b"mp42isom", b"mif1heic").replace(b"ftypmp42", b"ftypheic")),
    ],
)
def test_files_are_judged_by_their_bytes(room: Api, kept: Path, block: dict[str, Any], data: bytes) -> None:
    """Files are judged by their bytes, not by their declared type; wrong type 415."""
    kind = "image/png" if block["type"] == "screenshot" else "audio/webm"
    form = [
        ("report", (None, json.dumps(report(screenshot("ok"), block)).encode(), "application/json")),
        ("ok", ("ok.png", picture(), "image/png")),
        ("f", ("innocent.png", data, kind)),
    ]
    answer = room.http.post(f"/api/v1/ingest/{room.project_key}", files=form)
    assert failure(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert _names(kept) == []
    assert room.get("/feedback")["items"] == []


def test_the_declared_type_does_not_matter(room: Api) -> None:
    form = [
        ("report", ("blob", json.dumps(report(screenshot("f"))).encode(), "application/json")),
        ("f", ("evil.html", picture(), "text/html")),
    ]
    answer = room.http.post(f"/api/v1/ingest/{room.project_key}", files=form)
    url = room.stored(answer)["blocks"][0]["url"]
    assert _read(room, url).headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("block", "data", "status"),
    [
        (screenshot("f"), _png(SCREENSHOT_BYTES), 201),
        (screenshot("f"), _png(SCREENSHOT_BYTES + 1), 413),
        (audio("f"), WEBM.ljust(AUDIO_BYTES, b"\0"), 201),
        (audio("f"), WEBM.ljust(AUDIO_BYTES + 1, b"\0"), 413),
    ],
    ids=["screenshot", "large screenshot", "audio", "large audio"],
)
def test_sizes(room: Api, kept: Path, block: dict[str, Any], data: bytes, status: int) -> None:
    """Widget: a screenshot up to 2 MB, audio up to 10 MB; too large 413."""
    answer = room.send_form(report(block), ("f", data))
    assert answer.status_code == status
    assert len(_names(kept)) == (status == 201)
    if status == 413:
        assert failure(answer) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("block", "data"),
    [
        (screenshot("f", 0, 1), picture()),
        (screenshot("f", 1, 20_001), picture()),
        (screenshot("f", 1.5), picture()),  # type: ignore[arg-type]
        ({"type": "screenshot", "file": "f"}, picture()),
        ({"type": "screenshot", "width": 1, "height": 1}, picture()),
        (screenshot("f"), picture(width=20_001, height=1)),
        (screenshot("f", annotations="x" * 65_536), picture()),
        (screenshot("f", annotations={"a": "\0"}), picture()),
        (screenshot("f") | {"annotations": json.loads("[" * 150 + "]" * 150)}, picture()),
        (audio("f", 0), WEBM),
        (audio("f", 300_001), WEBM),
    ],
)
def test_fields_of_blocks_with_files(room: Api, kept: Path, block: dict[str, Any], data: bytes) -> None:
    """Widget: sides of 1 to 20,000 pixels, annotations of at most 64 KB, voice notes of at most 5 minutes."""
    assert failure(room.send_form(report(block), ("f", data))) == (400, "BAD_REQUEST")
    assert _names(kept) == []


@pytest.mark.parametrize("annotations", ["1e999", '"\\ud800"', '"\\u0000"', "NaN", "[" * 5_000 + "]" * 5_000])
def test_annotations_are_checked_as_all_json(room: Api, kept: Path, annotations: str) -> None:
    sent = json.dumps(report(screenshot("f", annotations="HERE"))).replace('"HERE"', annotations)
    form = [("report", (None, sent.encode(), "application/json")), ("f", ("f", picture(), "image/png"))]
    answer = room.http.post(f"/api/v1/ingest/{room.project_key}", files=form)
    assert failure(answer) == (400, "BAD_REQUEST")
    assert _names(kept) == []


@pytest.mark.parametrize(
    ("blocks", "parts"),
    [
        ([screenshot("a")], []),
        ([screenshot("a")], ["b"]),
        ([screenshot("a")], ["a", "b"]),
        ([screenshot("a"), screenshot("a")], ["a"]),
        ([screenshot("a")], ["a", "a"]),
        ([text("x")], ["a"]),
        ([screenshot("report")], []),
        ([screenshot("a")], ["a", "report"]),
    ],
)
def test_parts_and_blocks_must_match(room: Api, kept: Path, blocks: list[dict[str, Any]], parts: list[str]) -> None:
    """One part per file, named by the block's `file`."""
    answer = room.send_form(report(*blocks), *[(name, picture()) for name in parts])
    assert failure(answer) == (400, "BAD_REQUEST")
    assert _names(kept) == []


def test_a_form_may_have_no_files_and_any_names(room: Api) -> None:
    """One part per file: names in any script, a report without a file as well."""
    assert room.send_form(report(text("only words"))).status_code == 201
    assert room.send_form(report(screenshot("снимок 1")), ("снимок 1", picture())).status_code == 201


@pytest.mark.parametrize(
    ("name", "written"), [('a"b', "a%22b"), ('a"b', 'a\\"b'), ("a\r\nb", "a%0D%0Ab"), ("a%22b", "a%22b")]
)
def test_a_part_is_found_as_browsers_write_its_name(room: Api, name: str, written: str) -> None:
    """One part per file, named by the block's `file`."""
    parts = _part(NAMED, json.dumps(report(screenshot(name))).encode())
    parts += _part(f'form-data; name="{written}"; filename="f"', picture())
    assert len(room.stored(_form(room, parts + b"--b--\r\n"))["blocks"]) == 1


def _form(api: Api, body: bytes, kind: str = "multipart/form-data; boundary=b") -> httpx.Response:
    return api.http.post(f"/api/v1/ingest/{api.project_key}", content=body, headers={"Content-Type": kind})


def _part(disposition: str, data: bytes) -> bytes:
    return b"--b\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\n" + data + b"\r\n"


NAMED = 'form-data; name="report"'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary="),
        (b"--b--\r\n", "multipart/form-data; boundary=" + "b" * 71),
        (b"--b--\r\n", 'multipart/form-data; boundary="\\"b"'),
        (b"", "multipart/form-data; boundary=b"),
        (b"--b--\r\n", "multipart/form-data; boundary=b"),
        (b"no form at all", "multipart/form-data; boundary=b"),
        (_part(NAMED, b"{}"), "multipart/form-data; boundary=b"),
        (_part("form-data", b"{}") + b"--b--\r\n", "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\n{}\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (_part(NAMED, b"{broken") + b"--b--\r\n", "multipart/form-data; boundary=b"),
        (_part(NAMED, b'{"clientId":"\xff"}') + b"--b--\r\n", "multipart/form-data; boundary=b"),
        (_part(NAMED, b"+ADw-") + b"--b--\r\n", "multipart/form-data; boundary=b; charset=utf-7"),
        (_part(NAMED, b"\xff\xfe") + b"--b--\r\n", "multipart/form-data; boundary=b; charset=punycode"),
        (
            b"".join(_part(f'form-data; name="n{n}"', b"x") for n in range(60)) + b"--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
        (
            b"".join(_part(f'form-data; name="n{n}"; filename="f"', b"x") for n in range(60)) + b"--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_broken_forms_are_400(owner: Api, body: bytes, kind: str) -> None:
    """A broken form is the dialect's own clear failure."""
    assert failure(_form(owner, body, kind)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "before", [b"\r\n", b"This is a message in MIME format.\r\n", b"--bb\r\n" * 500, b"x" * 16_000 + b"\r\n"]
)
@pytest.mark.parametrize("size", [7, 100_000])
def test_what_stands_before_the_first_boundary_is_passed_over(owner: Api, before: bytes, size: int) -> None:
    """`multipart/form-data` with a preamble (RFC 2046), in whatever pieces it comes."""
    body = before + _part(NAMED, json.dumps(report(text("Here"))).encode()) + b"--b--\r\n"
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = owner.http.post(f"/api/v1/ingest/{owner.project_key}", content=pieces, headers=kind)
    assert owner.stored(answer)["blocks"] == [text("Here")]


def test_the_report_s_part_has_the_limit_of_a_body(owner: Api) -> None:
    """Too large 413, whether the part has a file name or not."""
    large = json.dumps(report(context={}) | {"x": "y" * (8 * 1024 * 1024)}).encode()
    for disposition in (NAMED, NAMED + '; filename="blob"'):
        answer = _form(owner, _part(disposition, large) + b"--b--\r\n")
        assert failure(answer) == (413, "PAYLOAD_TOO_LARGE")


def test_words_in_a_form_are_kept_as_utf_8(owner: Api) -> None:
    sent = json.dumps(report(text("Ä ж 😀")), ensure_ascii=False).encode()
    for kind in ("multipart/form-data; boundary=b", "multipart/form-data; boundary=b; charset=latin-1"):
        answer = _form(owner, _part(NAMED, sent) + b"--b--\r\n", kind)
        assert owner.stored(answer)["blocks"] == [text("Ä ж 😀")]


def test_a_full_disk_is_503_and_leaves_nothing(fresh_cast: Cast, start_server: StartServer) -> None:
    """Never say OK unless it is stored: where a file finds no room, nothing of its report is kept."""
    server = start_server(fresh_cast.store)
    person = fresh_cast.owner
    with httpx.Client(base_url=server.url) as http:
        room = Api(http, person.project.id, person.project.project_key, person.key)
        small, large = report(screenshot("f")), report(screenshot("f"), audio("g"))
        assert room.send_form(small, ("f", picture())).status_code == 201
        before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (600_000, before[1]))
        spooled = (("f", picture()), ("g", WEBM.ljust(3_000_000, b"\0")))
        for parts in ((("f", picture()), ("g", WEBM.ljust(700_000, b"\0"))), spooled):
            answer = room.send_form(large, *parts)
            assert failure(answer) == (503, "UNAVAILABLE")
            assert int(answer.headers["retry-after"]) > 0
        folder = fresh_cast.store.data_dir / "files" / room.project
        assert len(_names(folder)) == 1
        assert len(room.get("/feedback")["items"]) == 1
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)
        assert room.send_form(large, *spooled).status_code == 201
        assert len(_names(folder)) == 3
