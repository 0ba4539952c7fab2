"""Work for which the end of the program waits."""

from __future__ import annotations

import threading
import time

from medflow_tui.ui.work import Work, finish


def test_the_end_waits_for_what_has_begun() -> None:
    done: list[int] = []
    go_on = threading.Event()

    def write() -> None:
        go_on.wait(10)
        done.append(1)

    Work("desk", write)
    threading.Timer(0.1, go_on.set).start()
    assert finish(10.0) == ()
    assert done == [1]


def test_what_does_not_end_is_named_and_not_waited_for_longer() -> None:
    go_on = threading.Event()
    work = Work("view", lambda: go_on.wait(10) and None)
    began = time.monotonic()
    assert finish(0.1) == ("view",)
    assert time.monotonic() - began < 2.0
    go_on.set()
    work.join(10)
    assert finish(0.0) == ()


def test_other_threads_are_not_waited_for() -> None:
    go_on = threading.Event()
    threading.Thread(target=go_on.wait, args=(10,), name="reader", daemon=True).start()
    assert finish(0.0) == ()
    go_on.set()
