"""Pages that are kept: only for their own tag, and within the room that they have."""

from __future__ import annotations

from backroom.web.page_cache import LARGEST, OVERHEAD, PageCache


def test_a_page_is_found_under_its_own_project_query_and_tag() -> None:
    pages = PageCache()
    pages.keep("p", b"limit=50", b'"1"', b"body")
    assert pages.find("p", b"limit=50", b'"1"') == b"body"
    assert pages.find("p", b"limit=50", b'"2"') is None
    assert pages.find("p", b"limit=20", b'"1"') is None
    assert pages.find("q", b"limit=50", b'"1"') is None


def test_a_newer_page_takes_the_place_of_the_older_one() -> None:
    pages = PageCache()
    pages.keep("p", b"", b'"1"', b"old")
    pages.keep("p", b"", b'"2"', b"new")
    assert pages.find("p", b"", b'"1"') is None
    assert pages.find("p", b"", b'"2"') == b"new"


def test_the_oldest_pages_make_room_and_a_large_one_is_not_kept() -> None:
    pages = PageCache(most=2 * (100 + OVERHEAD + 1) + 50)
    for number in range(5):
        pages.keep("p", b"%d" % number, b'"1"', b"x" * 100)
    assert [number for number in range(5) if pages.find("p", b"%d" % number, b'"1"')] == [3, 4]
    pages.keep("p", b"large", b'"1"', b"x" * (LARGEST + 1))
    assert pages.find("p", b"large", b'"1"') is None
    assert pages.find("p", b"4", b'"1"')


def test_queries_take_room_too() -> None:
    """Anybody with a key may ask one page in endless ways."""
    pages = PageCache(most=100_000)
    for number in range(20):
        pages.keep("p", b"_=%d&%b" % (number, b"x" * 20_000), b'"1"', b"{}")
    kept = [number for number in range(20) if pages.find("p", b"_=%d&%b" % (number, b"x" * 20_000), b'"1"')]
    assert kept == [16, 17, 18, 19]
    pages.keep("p", b"x" * (LARGEST + 1), b'"1"', b"{}")
    assert pages.find("p", b"x" * (LARGEST + 1), b'"1"') is None
