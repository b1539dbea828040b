import dataclasses
from pathlib import Path

import pytest

from backroom.accounts.rules import Plan
from backroom.config import Settings, read_settings, unknown_variables, variable_of
from backroom.errors import Invalid

GOOD: dict[str, tuple[str, object]] = {
    "data": ("/srv/backroom", Path("/srv/backroom")),
    "database_url": ("postgresql://u:p@db.example/backroom", "postgresql://u:p@db.example/backroom"),
    "files_url": ("s3://bucket/some/path", "s3://bucket/some/path"),
    "public_url": ("https://feedback.example.com/", "https://feedback.example.com"),
    "smtp_url": ("smtp://user:p%40ss@mail.example:25", "smtp://user:p%40ss@mail.example:25"),
    "mail_from": ("Backroom <feedback@example.com>", "Backroom <feedback@example.com>"),
    "default_plan": ("starter", Plan.STARTER),
    "demo_page": ("off", False),
    "client_id_documents": ("off", False),
    "rate_limits": ("off", False),
    "rate_per_address": ("7", 7),
    "burst_per_address": ("7", 7),
    "rate_per_project": ("7", 7),
    "burst_per_project": ("7", 7),
    "trusted_proxies": ("10.0.0.0/8, 192.0.2.1 ::1", ("10.0.0.0/8", "192.0.2.1/32", "::1/128")),
    "max_body": ("7", 7),
    "max_json": ("7", 7),
    "max_headers": ("7", 7),
    "max_connections": ("7", 7),
    "request_timeout": ("7", 7),
    "keep_alive_timeout": ("7", 7),
    "stop_timeout": ("7", 7),
    "ready_timeout": ("7", 7),
    "log_format": ("JSON", "json"),
    "log_level": ("Warning", "warning"),
    "access_log": ("on", True),
}
BAD = {
    "database_url": ("mysql://u:p@db.example/x", "not a url", "sqlite://", "sqlite:///:memory:"),
    "files_url": ("ftp://example/x", "s3://", "bucket", "memory://", "file://host/x"),
    "public_url": ("feedback.example.com", "ftp://x", "https://x/path", "https://u@x", "https://x:99999", "https://"),
    "smtp_url": ("mail.example:25", "smtp://", "http://x", "smtp://x/path", "smtp://u:a@b@x", "smtps://x:0"),
    "mail_from": ("nobody", "a b@example.com", "A <b>", "a@b, c@d", "a@b\nBcc: c@d"),
    "default_plan": ("GOLD",),
    "demo_page": ("maybe",),
    "client_id_documents": ("maybe",),
    "rate_limits": ("maybe",),
    "trusted_proxies": ("10.0.0.1/8", "somewhere", "10.0.0.0/8, x"),
    "log_format": ("xml",),
    "log_level": ("loud",),
    "access_log": ("2",),
}
NUMBERS = [field.name for field in dataclasses.fields(Settings) if type(field.default) is int]
BAD |= dict.fromkeys(NUMBERS, ("0", "-1", "1.5", "ten", "\u0661", "1" + "0" * 15, "9" * 5000))


def test_there_is_an_example_of_every_setting() -> None:
    assert set(GOOD) == {field.name for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize("name", GOOD)
def test_every_setting_is_read(name: str) -> None:
    text, expected = GOOD[name]
    read = read_settings({variable_of(name): f" {text} "})
    assert getattr(read, name) == expected
    others = {field.name for field in dataclasses.fields(Settings)} - {name}
    assert all(getattr(read, other) == getattr(Settings(), other) for other in others)
    assert getattr(Settings(), name) != expected


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_what_is_wrong_is_named(name: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({variable_of(name): text})
    assert refused.value.message.startswith(f"{variable_of(name)} must be ")
    assert "\n" not in refused.value.message


def test_a_wrong_address_is_told_without_its_password() -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"BACKROOM_DATABASE_URL": "mysql://someone:s3cret@db.example/x"})
    assert refused.value.message.endswith("not 'mysql://…'.")


@pytest.mark.parametrize(
    "address",
    [
        "foo:s3cret@bar",
        "someone:s3cret",
        "s3cret",
        "s3cret://db.example/x",
        "mysql://someone:s3c@s3cret@db.example/x",
        "mysql://db.example/x?password=s3cret",
        "postgresql://someone:a@s3cret@db.example/x",
        "postgresql://someone:a/s3cret@db.example/x",
        "postgresql://someone:12/s3cret@db.example/x",
        "postgresql+psycopg://someone:a@s3cret@db.example/x",
    ],
)
@pytest.mark.parametrize("name", ["BACKROOM_DATABASE_URL", "BACKROOM_FILES_URL"])
def test_no_part_of_a_password_is_repeated(name: str, address: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({name: address})
    assert "s3cret@" not in refused.value.message
    assert "s3cret'" not in refused.value.message
    assert ":s3cret" not in refused.value.message


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://someone:a%40b%2Fc@db.example/x",
        "postgresql://someone@db.example:5432/x?application_name=a@b",
        "postgresql://@/x?host=%2Ftmp%2Fhere",
        "postgresql:///x",
    ],
)
def test_addresses_that_are_read_as_they_are_meant(address: str) -> None:
    assert read_settings({"BACKROOM_DATABASE_URL": address}).database_url == address


def test_flags_are_over_the_environment() -> None:
    environment = {"BACKROOM_DATA": "/from/environment", "BACKROOM_MAX_JSON": "5"}
    read = read_settings(environment, data=Path("/from/flag"), max_json=None, log_level="debug")
    assert (read.data, read.max_json, read.log_level) == (Path("/from/flag"), 5, "debug")


def test_a_wrong_flag_is_named_as_a_flag() -> None:
    with pytest.raises(Invalid, match=r"^--max-json must be a whole number from 1 to 999999999999999, not 'many'\.$"):
        read_settings({"BACKROOM_MAX_JSON": "5"}, max_json="many")


def test_the_largest_number_that_is_named_is_taken() -> None:
    assert read_settings({"BACKROOM_MAX_JSON": "999999999999999"}).max_json == 999_999_999_999_999


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert read_settings({"BACKROOM_DATA": "", "BACKROOM_MAX_JSON": "  "}) == Settings()


def test_variables_that_nothing_reads_are_found() -> None:
    environment = {"BACKROOM_DATA": "x", "BACKROOM_DATABSE_URL": "y", "BACKROOM_A": "z", "PATH": "/bin"}
    assert unknown_variables(environment) == ["BACKROOM_A", "BACKROOM_DATABSE_URL"]
