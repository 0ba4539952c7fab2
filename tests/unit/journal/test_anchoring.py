"""What is owed is left beside the work: the newest alone, one at a time, whatever one of them raises."""

from __future__ import annotations

import threading

from medflow_tui.journal.auditing.anchoring import Anchoring, Owed
from medflow_tui.model.audit import Anchor


def owed(count: int) -> Owed:
    return Owed(anchor=Anchor(count=count, head="ab" * 32))


def test_while_one_hangs_only_the_newest_of_the_others_is_kept() -> None:
    left: list[int] = []
    begun, door = threading.Event(), threading.Event()

    def leave(one: Owed) -> None:
        assert one.anchor is not None
        begun.set()
        door.wait(20)
        left.append(one.anchor.count)

    anchoring = Anchoring(leave)
    anchoring.owe(owed(1))
    assert not begun.is_set()
    anchoring.settle()
    assert begun.wait(20)
    for count in (2, 3):
        anchoring.owe(owed(count))
        anchoring.settle()
    assert left == []
    anchoring.owe(owed(4))
    door.set()
    anchoring.wait()
    assert left == [1, 4]


def test_one_that_fails_is_no_reason_to_leave_no_more() -> None:
    left: list[int] = []

    def leave(one: Owed) -> None:
        assert one.anchor is not None
        left.append(one.anchor.count)
        raise ZeroDivisionError

    anchoring = Anchoring(leave)
    for count in (1, 2):
        anchoring.owe(owed(count))
        anchoring.wait()
    assert left == [1, 2]
    anchoring.wait()
    assert left == [1, 2]
