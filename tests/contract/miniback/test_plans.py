"""Plans and quotas (Miniback, "Keys and plans")."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from backroom.access import operator
from backroom.accounts.rules import Kind, Plan
from backroom.clock import month_of, next_month, now_ms
from backroom.projects.commands import update_project
from tests.contract.miniback.conftest import NewRoom
from tests.contract.miniback.room import NOBODY, WIDGET, Room
from tests.harness.processes import wait_until

PAID_PLANS_ONLY = (
    "GET requests are available on paid plans only. FREE plan users can only POST feedback. "
    "Upgrade to STARTER or PRO for full API access."
)
CALLS_OVER = "Monthly API limit reached. Upgrade your plan."
FEEDBACK_OVER = "Monthly feedback limit reached. Upgrade your plan."
PROJECTS_OVER = "Project limit reached. Upgrade your plan to create more projects."
ALL_BUT_SENDING = [
    ("GET", "/projects"),
    ("HEAD", "/projects"),
    ("POST", "/projects"),
    ("GET", "/projects/{project}"),
    ("PUT", "/projects/{project}"),
    ("DELETE", "/projects/{project}"),
    ("GET", "/projects/{project}/api-key"),
    ("POST", "/projects/{project}/api-key"),
    ("GET", "/projects/{project}/feedback"),
    ("GET", "/feedback"),
    ("GET", f"/feedback/{NOBODY}"),
    ("PUT", f"/feedback/{NOBODY}"),
    ("DELETE", f"/feedback/{NOBODY}"),
]


def at_once(ask: Callable[[], httpx.Response], times: int, threads: int) -> list[httpx.Response]:
    """The answers to the same request, sent by many threads."""
    with ThreadPoolExecutor(threads) as pool:
        return [future.result() for future in [pool.submit(ask) for _ in range(times)]]


def meter(answer: httpx.Response) -> tuple[int, int]:
    """The limit and what remains, as the headers tell; their third is the first of next month."""
    headers = answer.headers
    moment = int(headers["x-ratelimit-reset"])
    assert moment in (next_month(now_ms()) // 1000, next_month(now_ms() - 60_000) // 1000)
    return int(headers["x-ratelimit-limit"]), int(headers["x-ratelimit-remaining"])


@pytest.mark.parametrize(("method", "path"), ALL_BUT_SENDING)
def test_free_plan_only_posts_feedback(free: Room, method: str, path: str) -> None:
    """D: everything but POST feedback needs STARTER or PRO, text to the letter; B: for every method."""
    answer = free.ask(method, path.format(project=free.project), {} if method in ("POST", "PUT") else None)
    assert answer.status_code == 401
    if method != "HEAD":
        assert answer.json() == {"error": PAID_PLANS_ONLY}
    assert meter(answer) == (300, 300)
    assert free.used(Kind.API_CALLS) == 0


def test_free_plan_posts_feedback_both_ways(free: Room) -> None:
    """D: the plan FREE may POST feedback."""
    body = {"message": "hello", "projectSlug": free.slug}
    assert meter(free.ask("POST", f"/projects/{free.project}/feedback", body)) == (300, 299)
    assert meter(free.ask("POST", "/feedback", body)) == (300, 298)
    assert free.ask("POST", "/feedback", body, key=None, headers=WIDGET).status_code == 201
    assert (free.used(Kind.API_CALLS), free.used(Kind.FEEDBACK)) == (2, 3)


def test_300th_call_passes_and_301st_does_not(free: Room) -> None:
    """D: FREE has 300 API calls a month; B: exact under concurrency."""
    path = f"/projects/{free.project}/feedback"
    answers = at_once(lambda: free.ask("POST", path, {"message": "again"}), times=320, threads=32)
    assert Counter(answer.status_code for answer in answers) == {201: 300, 429: 20}
    assert {answer.text for answer in answers if answer.status_code == 429} == {f'{{"error":"{CALLS_OVER}"}}'}
    assert sorted(meter(answer)[1] for answer in answers if answer.status_code == 201) == list(range(300))
    assert {meter(answer) for answer in answers if answer.status_code == 429} == {(300, 0)}
    assert (free.used(Kind.API_CALLS), free.used(Kind.FEEDBACK)) == (300, 300)
    free.set_plan(Plan.PRO)
    assert free.get(path, limit=1)["pagination"]["total"] == 300


def test_10000th_call_passes_and_10001st_does_not(starter: Room) -> None:
    """D: STARTER has 10,000 API calls a month, of every kind; B: exact under concurrency."""
    starter.use(Kind.API_CALLS, 9_960)
    paths = ["/projects", "/feedback", f"/projects/{starter.project}/feedback", f"/projects/{NOBODY}"] * 15
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda path: starter.ask("GET", path), paths))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 20
    assert {answer.text for answer in refused} == {f'{{"error":"{CALLS_OVER}"}}'}
    passed = [answer for answer in answers if answer.status_code != 429]
    assert {answer.status_code for answer in passed} == {200, 404}
    assert sorted(meter(answer)[1] for answer in passed) == list(range(40))
    assert starter.used(Kind.API_CALLS) == 10_000


def test_two_kinds_of_requests_share_the_calls(starter: Room) -> None:
    """B: the count is exact whichever requests come together: those that read and those that send."""
    starter.use(Kind.API_CALLS, 9_970)
    asks = [
        lambda: starter.ask("GET", "/projects"),
        lambda: starter.ask("POST", f"/projects/{starter.project}/feedback", {"message": "m"}),
        lambda: starter.ask("POST", f"/projects/{starter.project}/feedback", {"message": 1}),
    ]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: asks[number % 3](), range(60)))
    assert sum(answer.status_code == 429 for answer in answers) == 30
    assert starter.used(Kind.API_CALLS) == 10_000


def test_feedback_quota(starter: Room) -> None:
    """D: STARTER has 5,000 feedback a month; B: 429 with its own text, and the call counts."""
    starter.use(Kind.FEEDBACK, 4_990)
    path = f"/projects/{starter.project}/feedback"
    answers = at_once(lambda: starter.ask("POST", path, {"message": "again"}), times=20, threads=16)
    assert Counter(answer.status_code for answer in answers) == {201: 10, 429: 10}
    assert {answer.text for answer in answers if answer.status_code == 429} == {f'{{"error":"{FEEDBACK_OVER}"}}'}
    late = starter.ask("POST", path, {"message": "late"})
    assert (late.status_code, meter(late)) == (429, (10_000, 9_979))
    assert (starter.used(Kind.API_CALLS), starter.used(Kind.FEEDBACK)) == (21, 5_000)
    widget = starter.ask("POST", "/feedback", {"message": "w", "projectSlug": starter.slug}, key=None, headers=WIDGET)
    assert (widget.status_code, widget.json()) == (429, {"error": FEEDBACK_OVER})


def test_retry_is_a_call_but_no_feedback(starter: Room) -> None:
    """B: a retry answers the first result, also when the month's feedback is used up by then."""
    path, body, retry = f"/projects/{starter.project}/feedback", {"message": "once"}, {"Idempotency-Key": "k"}
    starter.use(Kind.FEEDBACK, 4_999)
    first, again = (starter.ask("POST", path, body, headers=retry) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert (meter(first), meter(again)) == ((10_000, 9_999), (10_000, 9_998))
    assert (starter.used(Kind.API_CALLS), starter.used(Kind.FEEDBACK)) == (2, 5_000)


@pytest.mark.parametrize("path", ["/projects/{project}/feedback", "/feedback"])
def test_retry_is_answered_when_the_calls_are_used_up(free: Room, path: str) -> None:
    """B: a retry answers the first result, also when the month's calls are used up by then."""
    body = {"message": "once", "projectSlug": free.slug}

    def send(name: str) -> httpx.Response:
        return free.ask("POST", path.format(project=free.project), body, headers={"Idempotency-Key": name})

    free.use(Kind.API_CALLS, 299)
    first, again, other = send("one"), send("one"), send("two")
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert (other.status_code, other.json()) == (429, {"error": CALLS_OVER})
    assert [meter(answer) for answer in (first, again, other)] == [(300, 0)] * 3
    together = at_once(lambda: send("one"), times=12, threads=12)
    assert [(answer.status_code, answer.json()) for answer in together] == [(200, first.json())] * 12
    assert (free.used(Kind.API_CALLS), free.used(Kind.FEEDBACK)) == (300, 1)


def test_failures_count_and_carry_the_meter(starter: Room, outsider: Room) -> None:
    """B: authenticated requests count however they end, and every answer to a metered key has the headers."""
    own = f"/projects/{starter.project}/feedback"
    asks = [
        (400, "GET", "/feedback?page=0", None),
        (404, "GET", f"/projects/{NOBODY}", None),
        (403, "GET", f"/projects/{outsider.project}", None),
        (404, "DELETE", f"/feedback/{NOBODY}", None),
        (400, "POST", "/projects", {"name": 1}),
        (400, "POST", own, {"message": 1}),
        (404, "POST", f"/projects/{NOBODY}/feedback", {"message": "m"}),
        (403, "POST", f"/projects/{outsider.project}/feedback", {"message": "m"}),
        (404, "POST", "/feedback", {"message": "m", "projectSlug": "nowhere-at-all"}),
        (400, "POST", "/feedback", {"message": "m"}),
    ]
    for number, (status, method, path, body) in enumerate(asks, 1):
        answer = starter.ask(method, path, body)
        assert (answer.status_code, meter(answer)) == (status, (10_000, 10_000 - number))
    wrong_type = starter.ask("POST", own, headers={"content-type": "text/plain"}, content=b"{}")
    assert (wrong_type.status_code, meter(wrong_type)) == (415, (10_000, 9_989))
    operate = operator(starter.workspace)
    starter.db.write_now(update_project, operate, starter.project, {"status": "PAUSED"}, now_ms())
    paused = starter.ask("POST", own, {"message": "m"})
    assert (paused.status_code, meter(paused)) == (403, (10_000, 9_988))
    assert starter.used(Kind.API_CALLS) == 12


def test_answers_that_no_operation_gives_carry_the_meter(starter: Room, free: Room) -> None:
    """B: every answer to a metered key; what isn't there and isn't done is no call."""
    starter.use(Kind.API_CALLS, 7)
    asks = [(404, "GET", "/nothing"), (405, "PATCH", "/projects"), (404, "GET", "/feedback%0A")]
    for room, standing in ((starter, (10_000, 9_993)), (free, (300, 300))):
        for status, method, path in asks:
            answer = room.ask(method, path)
            assert (answer.status_code, meter(answer)) == (status, standing)
    assert (starter.used(Kind.API_CALLS), free.used(Kind.API_CALLS)) == (7, 0)
    for key in (None, "mbk_unknown", "pr_sk_unknown"):
        answer = starter.ask("GET", "/nothing", key=key)
        assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})
        assert "x-ratelimit-limit" not in answer.headers


def test_used_up_quotas_say_when_to_come_again(starter: Room) -> None:
    """B: `Retry-After` in seconds, until the first of next month."""
    path = f"/projects/{starter.project}/feedback"
    starter.use(Kind.FEEDBACK, 5_000)
    feedback = starter.ask("POST", path, {"message": "m"})
    starter.use(Kind.API_CALLS, 9_999)
    for answer in (feedback, starter.ask("GET", "/projects"), starter.ask("POST", path, {"message": "m"})):
        assert answer.status_code == 429
        now = now_ms()
        again = now + int(answer.headers["retry-after"]) * 1000
        assert next_month(now - 60_000) <= again <= next_month(now) + 60_000


def test_unlimited_plan_counts_without_headers(room: Room) -> None:
    """D: PRO is unlimited; B: its calls are counted all the same."""
    room.send("one")
    answer = room.ask("GET", "/projects")
    room.ask("GET", f"/projects/{NOBODY}")
    room.ask("POST", f"/projects/{room.project}/feedback", {})
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]
    wait_until(lambda: room.used(Kind.API_CALLS) == 4, "four calls to be counted")
    assert room.used(Kind.FEEDBACK) == 1


def test_project_limit(starter: Room) -> None:
    """D: STARTER has 10 projects; 403, text to the letter; PRO is unlimited."""
    made = at_once(lambda: starter.ask("POST", "/projects", {"name": "More"}), times=12, threads=6)
    assert Counter(answer.status_code for answer in made) == {201: 9, 403: 3}
    assert {answer.text for answer in made if answer.status_code == 403} == {f'{{"error":"{PROJECTS_OVER}"}}'}
    assert len(starter.get("/projects")["data"]) == 10
    starter.set_plan(Plan.PRO)
    assert starter.ask("POST", "/projects", {"name": "More"}).status_code == 201


def test_plan_belongs_to_the_workspace_and_may_change(make_room: NewRoom) -> None:
    """B: the plan belongs to the workspace; another one counts from the next request on."""
    changing = make_room(Plan.FREE)
    assert changing.ask("GET", "/projects").status_code == 401
    changing.set_plan(Plan.STARTER)
    assert meter(changing.ask("GET", "/projects")) == (10_000, 9_999)
    changing.use(Kind.API_CALLS, 600)
    changing.set_plan(Plan.FREE)
    over = changing.ask("POST", f"/projects/{changing.project}/feedback", {"message": "m"})
    assert (over.status_code, meter(over)) == (429, (300, 0))


def test_quota_starts_anew_on_the_first_of_the_month(free: Room) -> None:
    """B: usage resets on the first of the month, UTC."""
    answer = free.ask("POST", f"/projects/{free.project}/feedback", {"message": "m"})
    reset = time.gmtime(int(answer.headers["x-ratelimit-reset"]))
    assert (reset.tm_mday, reset.tm_hour, reset.tm_min, reset.tm_sec) == (1, 0, 0, 0)
    assert month_of(now_ms()) < time.strftime("%Y-%m", reset)
