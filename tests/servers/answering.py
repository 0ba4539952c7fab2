"""Somebody who answers a run that asks, while it goes on in this very process."""

from __future__ import annotations

import threading

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Move, Phase
from medflow_tui.runner.channel import SOCKET, speak
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.process import Assembly, Order, carry_out
from medflow_tui.runner.wishes import Stopping, Wish
from tests.servers.runs import Bench


def run_answered(bench: Bench, order: Order, choice: str, *, step: str = "tell") -> Move:
    """Begin it or go on with it; the question of a step is answered as soon as it is asked.

    When nobody hears the answer (the run crashed while it wrote it down), the run is asked to stop.
    """
    stopping, over = Stopping(), threading.Event()

    def answer() -> None:
        follower = Follower(RunFolder(path=order.folder))
        while not over.wait(0.01):
            is_heard = (
                order.folder / SOCKET
            ).exists()  # before that, it waits as it was left by the life before
            if is_heard and follower.poll().state.phase is Phase.WAITING:
                try:
                    speak(
                        order.folder,
                        Wish(what="answer", who="tech1", session="one", step=step, choice=choice),
                    )
                except RefusedError:
                    stopping.ask()
                return

    person = threading.Thread(target=answer)
    person.start()
    try:
        return carry_out(order, lambda order: Assembly(site=bench.site, crew=bench.crew()), stopping)
    finally:
        over.set()
        person.join()
