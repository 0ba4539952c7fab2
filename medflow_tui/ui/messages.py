"""The few messages that cross widget borders."""

from __future__ import annotations

from textual.message import Message

from medflow_tui.model.health import Snapshot


class SnapshotArrived(Message):
    """Newest news only: an older one that still waits is replaced."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotArrived)
