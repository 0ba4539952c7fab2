"""The few messages that cross widget borders, and those from the threads around the terminal."""

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


class LogArrived(Message):
    """There is something in the follower of the logs."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, LogArrived)


class LineLost(Message):
    """The terminal is gone, or the process was told to end; `code` is the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, LineLost)


class LineDrained(Message):
    """The line has taken everything after it had been behind: what was not drawn meanwhile can be drawn now."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, LineDrained)
