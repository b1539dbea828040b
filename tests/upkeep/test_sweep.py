"""The bytes of deleted files go, but not before an hour, and never those that a report has."""

import pytest

from backroom.access import operator
from backroom.clock import MINUTE, now_ms
from backroom.errors import NotFound
from backroom.reports.commands import delete_reports
from backroom.reports.submit import StoredFile
from backroom.store.tables import doomed_files
from backroom.upkeep.sweep import SLICE, sweep_doomed
from tests.harness.cast import Cast
from tests.upkeep.contents import blobs_of, database
from tests.upkeep.reporting import send_reports

HOUR = 60 * MINUTE


def stored(key: str) -> StoredFile:
    return StoredFile(key.rpartition("/")[2], "audio", "audio/webm", 5, "", key, None, None, 1)


def test_deleted_files_stay_for_an_hour(fresh_cast: Cast) -> None:
    blobs, now = blobs_of(fresh_cast.store), now_ms()
    project = fresh_cast.owner.project
    keys = [f"{project.id}/{number}" for number in range(3)]
    for key in keys:
        blobs.put(key, b"bytes")
    with database(fresh_cast.store) as db:
        deleted, kept = (
            send_reports(db, project.project_key, 1, files=[stored(key) for key in part])[0]
            for part in (keys[:2], keys[2:])
        )
        assert deleted != kept
        db.write_now(delete_reports, operator(), [deleted], now)
        assert not sweep_doomed(db, blobs, now + HOUR - 1)
        assert blobs.get(keys[0]) == b"bytes"
        assert not sweep_doomed(db, blobs, now + HOUR)
        assert db.read_now(lambda conn: conn.execute(doomed_files.select()).all()) == []
    for key in keys[:2]:
        with pytest.raises(NotFound):
            blobs.get(key)
    assert blobs.get(keys[2]) == b"bytes"


def test_file_that_a_report_has_is_never_swept(fresh_cast: Cast) -> None:
    blobs, now = blobs_of(fresh_cast.store), now_ms()
    key = f"{fresh_cast.owner.project.id}/used"
    blobs.put(key, b"bytes")
    with database(fresh_cast.store) as db:
        send_reports(db, fresh_cast.owner.project.project_key, 1, files=[stored(key)])
        db.write_now(lambda tx: tx.execute(doomed_files.insert().values(key=key, at=0)))
        assert not sweep_doomed(db, blobs, now)
    assert blobs.get(key) == b"bytes"


def test_many_go_in_slices_also_those_that_are_gone_already(fresh_cast: Cast) -> None:
    rows = [{"key": f"gone/{number}", "at": 0} for number in range(SLICE + 1)]
    with database(fresh_cast.store) as db:
        db.write_now(lambda tx: tx.execute(doomed_files.insert(), rows))
        assert sweep_doomed(db, blobs_of(fresh_cast.store), now_ms())
        assert not sweep_doomed(db, blobs_of(fresh_cast.store), now_ms())
        assert db.read_now(lambda conn: conn.execute(doomed_files.select()).all()) == []
