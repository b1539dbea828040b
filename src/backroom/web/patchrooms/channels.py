"""Channels and hints, as the Patchrooms dialect shows and changes them."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import KeyScope
from backroom.clock import now_ms
from backroom.errors import Invalid, NotFound
from backroom.projects import channels
from backroom.projects.rules import CHANNEL_KEY, Channel
from backroom.web.http import Answer, json_answer
from backroom.web.patchrooms.auth import act, authenticate
from backroom.web.patchrooms.bodies import read_json
from backroom.web.patchrooms.door import PatchroomsDoor
from backroom.web.patchrooms.shapes import ChannelChange, ChannelList, ChannelOut, NewChannel, NewHint, OkOut

ANSWERS = {None: False, "true": True, "false": False}

_new_channel = msgspec.json.Decoder(NewChannel)
_channel_change = msgspec.json.Decoder(ChannelChange)
_new_hint = msgspec.json.Decoder(NewHint)


async def list_channels(door: PatchroomsDoor, request: Request) -> Answer:
    """The project's channels, oldest first."""
    return json_answer(await door.db.read(_list, door, request))


def _list(conn: Connection, door: PatchroomsDoor, request: Request) -> ChannelList:
    actor = authenticate(conn, door, request.scope, KeyScope.CHANNEL_READ)
    archived = request.query_params.get("archived")
    if archived not in ANSWERS:
        raise Invalid("archived must be true or false.")
    project: str = request.scope["path_params"]["projectId"]
    return ChannelList([_out(found) for found in channels.list_channels(conn, actor, project, ANSWERS[archived])])


async def create_channel(door: PatchroomsDoor, request: Request) -> Answer:
    """Adds a channel."""
    scope = request.scope
    await door.db.read_short(authenticate, door, scope, KeyScope.CHANNEL_WRITE)
    sent = await read_json(door, request, _new_channel)
    wanted = Channel("", sent.key, sent.name, sent.color, sent.mascot, sent.base_weight, False)
    made = await door.db.write(act, scope, KeyScope.CHANNEL_WRITE, channels.create_channel, wanted, now_ms())
    return json_answer(_out(made), 201)


async def update_channel(door: PatchroomsDoor, request: Request) -> Answer:
    """Changes a channel."""
    scope = request.scope
    await door.db.read_short(authenticate, door, scope, KeyScope.CHANNEL_WRITE)
    key = _known(scope["path_params"]["channelKey"])
    sent = await read_json(door, request, _channel_change)
    changes = {name: value for name, value in _fields(sent).items() if value is not UNSET}
    write = KeyScope.CHANNEL_WRITE
    changed = await door.db.write(act, scope, write, channels.update_channel, key, changes, now_ms())
    return json_answer(_out(changed))


async def add_hint(door: PatchroomsDoor, request: Request) -> Answer:
    """Biases routing for five minutes."""
    scope = request.scope
    await door.db.read_short(authenticate, door, scope, KeyScope.CHANNEL_WRITE)
    sent = await read_json(door, request, _new_hint)
    user = sent.user_id
    if user == "":
        raise Invalid("userId must not be empty; a hint for everybody has none.")
    if user is not None and "\0" in user:
        raise Invalid("userId must not have a NUL character.")
    key = _known(sent.channel_key)
    await door.db.write(act, scope, KeyScope.CHANNEL_WRITE, channels.add_hint, key, sent.weight, user, now_ms())
    return json_answer(OkOut())


def _known(key: str) -> str:
    """The key, which may be a channel's by its form. Raises NotFound."""
    if not CHANNEL_KEY.match(key):
        raise NotFound("This project has no such channel.")
    return key


def _fields(sent: ChannelChange) -> dict[str, Any]:
    return {name: getattr(sent, name) for name in ChannelChange.__struct_fields__}


def _out(channel: Channel) -> ChannelOut:
    weight = channel.base_weight
    return ChannelOut(
        channel.id,
        channel.key,
        channel.name,
        channel.color,
        channel.mascot,
        # 1 as the dialect writes it, not 1.0.
        int(weight) if weight.is_integer() else weight,
        channel.archived,
    )
