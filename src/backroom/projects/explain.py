"""Explains in sentences which channel a report would go to."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from backroom.access import Actor, KeyScope
from backroom.projects.channels import list_channels, live_hints
from backroom.projects.queries import get_reached
from backroom.projects.rules import Channel, Hint, Reason, Score, Verdict, judge

FIGURE = ".10g"
"""The format of weights: 1 instead of 1.0, and all digits up to a billion."""


class Explanation(NamedTuple):
    """The channel of a report, and sentences that explain why. `verdict` has the numbers."""

    channel: Channel
    steps: list[str]
    verdict: Verdict


def explain_route(
    conn: Connection, actor: Actor, project: str, user_id: str | None, explicit: str | None, now: int
) -> Explanation:
    """The channel of a report of `user_id` that asks for the channel `explicit`, if it came at `now` (ms).

    The same function as for real reports decides. Raises NotFound, Denied.
    """
    found = get_reached(conn, actor, project)
    actor.require(KeyScope.CHANNEL_READ)
    channels = list_channels(conn, actor, project, archived=True)
    verdict = judge(channels, found.default_channel_key, live_hints(conn, project, now), explicit, user_id)
    by_key = {channel.key: channel for channel in channels}
    return Explanation(by_key[verdict.channel_key], in_words(by_key, explicit, verdict), verdict)


def in_words(channels: dict[str, Channel], explicit: str | None, verdict: Verdict) -> list[str]:
    """One sentence for each step of the decision. `channels` are the project's, by key."""
    name = channels[verdict.channel_key].name
    if verdict.reason is Reason.EXPLICIT:
        return [f"The report asks for {name}, which is live. That wins over everything else."]
    steps = [_opening(channels, explicit)]
    if verdict.reason is Reason.NO_HINT:
        return [*steps, f"No live hint counts for this report, so it goes to the default channel, {name}."]
    number = sum(len(score.hints) for score in verdict.scores)
    steps.append(f"{_count(number)} for this report, so the live channels are compared by base weight and hints.")
    steps += [_sum(channels[score.channel_key].name, score) for score in verdict.scores]
    return [*steps, _ending(channels, verdict)]


def _opening(channels: dict[str, Channel], explicit: str | None) -> str:
    if explicit is None:
        return "The report asks for no channel."
    if explicit in channels:
        return f"The report asks for {channels[explicit].name}, which is archived. That counts as asking for none."
    return f"The report asks for {explicit}, which this project doesn't have. That counts as asking for none."


def _ending(channels: dict[str, Channel], verdict: Verdict) -> str:
    name, highest = channels[verdict.channel_key].name, max(score.total for score in verdict.scores)
    if verdict.reason is Reason.MAX:
        several = sum(hint.weight == "max" for score in verdict.scores for hint in score.hints) > 1
        latest = "The latest hint of weight max is" if several else "A hint of weight max is above all others: it is"
        return f"{latest} for {name}, so the report goes there."
    if verdict.reason is Reason.HIGHEST:
        return f"{name} has the highest score, so the report goes there."
    tied = [channels[score.channel_key].name for score in verdict.scores if score.total == highest]
    which = "the default channel" if verdict.reason is Reason.TIE_DEFAULT else "the oldest of them"
    return f"{', '.join(tied[:-1])} and {tied[-1]} are equal, and {name} is {which}, so the report goes there."


def _count(number: int) -> str:
    return "1 live hint counts" if number == 1 else f"{number} live hints count"


def _sum(name: str, score: Score) -> str:
    if not score.hints:
        return f"{name}: {score.base_weight:{FIGURE}}, its base weight."
    parts = "".join(f" {_signed(hint)}" for hint in score.hints)
    total = "above all" if any(hint.weight == "max" for hint in score.hints) else f"{score.total:{FIGURE}}"
    return f"{name}: {score.base_weight:{FIGURE}}{parts} = {total}."


def _signed(hint: Hint) -> str:
    whom = "for everybody" if hint.user_id is None else f"for {hint.user_id}"
    if isinstance(hint.weight, str):
        weight = "+ max" if hint.weight == "max" else "+ 1"
    else:
        weight = f"{'-' if hint.weight < 0 else '+'} {abs(hint.weight):{FIGURE}}"
    return f"{weight} ({whom})"
