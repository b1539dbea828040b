"""What the composition root gives every door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backroom.config import Settings
from backroom.files.blobs import Blobs
from backroom.projects.directory import Directory
from backroom.reports.receipts import Receipts
from backroom.store.database import Database
from backroom.web.http import Door, Operation
from backroom.web.key_usage import KeyUsage
from backroom.web.limits import RateLimits


@dataclass(frozen=True)
class Shared:
    """The parts of one process that its doors have in common."""

    db: Database
    directory: Directory
    blobs: Blobs
    limits: RateLimits
    key_usage: KeyUsage
    receipts: Receipts
    settings: Settings


class SharedDoor(Door):
    """A door that works with the shared parts, each under its own name."""

    def __init__(self, operations: Sequence[Operation[Any]], shared: Shared) -> None:
        super().__init__(operations)
        self.shared = shared
        self.db = shared.db
        self.directory = shared.directory
        self.blobs = shared.blobs
        self.limits = shared.limits
        self.key_usage = shared.key_usage
        self.receipts = shared.receipts
        self.settings = shared.settings
