"""The second factor by RFC 6238: codes by the clock, each once, and recovery codes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import Connection, select

from backroom.accounts.second_factor import (
    begin_totp,
    begun_totp,
    confirm_session,
    confirm_totp,
    count_recovery_codes,
    disable_totp,
    qr_code,
    renew_recovery_codes,
)
from backroom.accounts.sessions import UNCONFIRMED_LASTS, find_session
from backroom.accounts.sign_in import begin
from backroom.errors import Conflict, Invalid, Unauthenticated
from backroom.store.tables import recovery_codes
from tests.accounts.team import Team
from tests.store.fixtures import NOW

STEP = 30_000


def code_at(secret: str, now: int) -> str:
    return pyotp.TOTP(secret).at(now // 1000)


@pytest.fixture
def secret(team: Team) -> str:
    """The member's secret, begun and not confirmed; its codes around NOW are each another."""
    while True:
        begun = team.db.write_now(begin_totp, team.member.id).secret
        if len({"000000", *(code_at(begun, NOW + n * STEP) for n in range(-4, 3))}) == 8:
            return begun


@pytest.fixture
def codes(team: Team, secret: str) -> list[str]:
    """The member's recovery codes; the factor is on, confirmed two minutes before NOW."""
    before = NOW - 4 * STEP
    return team.db.write_now(confirm_totp, team.member.id, "", code_at(secret, before), before)


def waiting(team: Team) -> str:
    """The token of a session of the member's that waits for the code."""
    signed_in = team.db.write_now(begin, team.member.id, "192.0.2.1", "Firefox", NOW)
    assert not signed_in.confirmed
    return signed_in.token


def test_codes_are_those_of_the_rfc() -> None:
    """RFC 6238, appendix B, SHA-1, the last six of eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert [code_at(secret, second * 1000) for second in (59, 1111111109, 20000000000)] == [
        "287082",
        "081804",
        "353130",
    ]


def test_an_app_gets_the_secret_by_a_qr_code(team: Team, secret: str) -> None:
    begun = team.db.read_now(begun_totp, team.member.id)
    assert begun is not None
    assert begun.secret == secret
    read = pyotp.parse_uri(begun.uri)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name, read.issuer, read.interval) == (secret, "member@example.com", "Backroom", 30)
    svg = qr_code(begun.uri)
    assert svg.startswith("<svg")
    assert "viewBox" in svg
    assert "style=" not in svg


def test_it_is_on_once_a_code_was_right(team: Team, secret: str) -> None:
    here, there = team.sign_in(team.member), team.sign_in(team.member)
    assert not team.session(here).second_factor
    for wrong in ("", "000000", "12345", "١٢٣٤٥٦", code_at(secret, NOW + 2 * STEP), code_at(secret, NOW - 2 * STEP)):
        with pytest.raises(Invalid):
            team.db.write_now(confirm_totp, team.member.id, team.session(here).id, wrong, NOW)
    codes = team.db.write_now(
        confirm_totp,
        team.member.id,
        team.session(here).id,
        f" {code_at(secret, NOW)[:3]} {code_at(secret, NOW)[3:]}",
        NOW,
    )
    assert len(set(codes)) == 10
    assert all(len(code) == 19 for code in codes)
    assert team.session(here).second_factor
    assert team.db.read_now(find_session, there, NOW) is None, "it was begun without the factor"
    assert team.db.read_now(begun_totp, team.member.id) is None
    assert [(one.action, one.actor_id) for one in team.audit()] == [("second-factor.on", team.member.id)]
    with pytest.raises(Conflict):
        team.db.write_now(begin_totp, team.member.id)
    with pytest.raises(Conflict):
        team.db.write_now(confirm_totp, team.member.id, "", code_at(secret, NOW + STEP), NOW)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_clock_may_be_off_by_one_step(team: Team, secret: str, codes: list[str], off: int) -> None:
    token = waiting(team)
    whole = team.db.write_now(confirm_session, token, code_at(secret, NOW + off * STEP), NOW)
    assert team.session(whole).actor == team.member
    assert whole != token
    assert team.db.read_now(find_session, token, NOW) is None, "the token from before is void"
    assert team.session(whole, NOW + UNCONFIRMED_LASTS).confirmed


@pytest.mark.parametrize("off", [-2, 2])
def test_a_clock_that_is_further_off_is_wrong(team: Team, secret: str, codes: list[str], off: int) -> None:
    token = waiting(team)
    with pytest.raises(Invalid):
        team.db.write_now(confirm_session, token, code_at(secret, NOW + off * STEP), NOW)
    assert not team.session(token).confirmed


def test_a_code_opens_once_and_none_before_it_opens_after(team: Team, secret: str, codes: list[str]) -> None:
    first, second = waiting(team), waiting(team)
    team.db.write_now(confirm_session, first, code_at(secret, NOW), NOW)
    for replayed in (code_at(secret, NOW), code_at(secret, NOW - STEP)):
        with pytest.raises(Invalid):
            team.db.write_now(confirm_session, second, replayed, NOW)
    team.db.write_now(confirm_session, second, code_at(secret, NOW + STEP), NOW)


def test_the_code_that_turned_it_on_opens_nothing(team: Team, secret: str) -> None:
    team.db.write_now(confirm_totp, team.member.id, "", code_at(secret, NOW), NOW)
    with pytest.raises(Invalid):
        team.db.write_now(confirm_session, waiting(team), code_at(secret, NOW), NOW)


@pytest.mark.parametrize("recovery", [False, True])
def test_of_many_at_once_one_gets_in(team: Team, secret: str, codes: list[str], recovery: bool) -> None:
    code = codes[0] if recovery else code_at(secret, NOW)

    def ask(token: str) -> bool:
        try:
            team.db.write_now(confirm_session, token, code, NOW)
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, [waiting(team) for _ in range(16)])).count(True) == 1


def test_a_recovery_code_opens_once_however_it_is_typed(team: Team, codes: list[str]) -> None:
    team.db.write_now(confirm_session, waiting(team), f" {codes[3].upper().replace('-', ' ')} ", NOW)
    assert team.db.read_now(count_recovery_codes, team.member.id) == 9
    with pytest.raises(Invalid):
        team.db.write_now(confirm_session, waiting(team), codes[3], NOW)
    team.db.write_now(confirm_session, waiting(team), codes[4].replace("-", ""), NOW)


def test_recovery_codes_are_hashed_and_ones_own(team: Team, codes: list[str]) -> None:
    def stored(conn: Connection) -> str:
        return repr(conn.execute(select(recovery_codes)).all())

    text = team.db.read_now(stored)
    assert all(code not in text and code.replace("-", "") not in text for code in codes)
    admin = team.db.write_now(begin_totp, team.admin.id).secret
    team.db.write_now(confirm_totp, team.admin.id, "", code_at(admin, NOW), NOW)
    token = team.db.write_now(begin, team.admin.id, "", "", NOW).token
    with pytest.raises(Invalid):
        team.db.write_now(confirm_session, token, codes[0], NOW)


def test_new_recovery_codes_end_the_old_ones(team: Team, secret: str, codes: list[str]) -> None:
    with pytest.raises(Invalid):
        team.db.write_now(renew_recovery_codes, team.member.id, "000000", NOW)
    new = team.db.write_now(renew_recovery_codes, team.member.id, code_at(secret, NOW), NOW)
    assert not set(new) & set(codes)
    with pytest.raises(Invalid):
        team.db.write_now(confirm_session, waiting(team), codes[0], NOW)
    team.db.write_now(confirm_session, waiting(team), new[0], NOW)


def test_it_is_turned_off_with_a_code(team: Team, codes: list[str]) -> None:
    with pytest.raises(Invalid):
        team.db.write_now(disable_totp, team.member.id, "wrong", NOW)
    team.db.write_now(disable_totp, team.member.id, codes[0], NOW)
    assert team.db.read_now(count_recovery_codes, team.member.id) == 0
    assert team.db.write_now(begin, team.member.id, "", "", NOW).confirmed
    with pytest.raises(Conflict):
        team.db.write_now(disable_totp, team.member.id, codes[1], NOW)
    assert [one.action for one in team.audit()] == ["second-factor.on", "second-factor.off"]


def test_who_waits_too_long_begins_again(team: Team, secret: str, codes: list[str]) -> None:
    token, late = waiting(team), NOW + UNCONFIRMED_LASTS
    with pytest.raises(Unauthenticated):
        team.db.write_now(confirm_session, token, code_at(secret, late), late)
    with pytest.raises(Unauthenticated):
        team.db.write_now(confirm_session, "no token", code_at(secret, NOW), NOW)


def test_a_whole_session_needs_no_code(team: Team) -> None:
    token = team.sign_in(team.member)
    assert team.db.write_now(confirm_session, token, "", NOW) == token
