"""What the wiring does for a run, for tests: `python queue_run.py` takes an order from its standard input.

`site_file` of the order is JSON {backend, redis, code, environment}. With `KILL_AT=n:before|torn|after` in the
environment it kills itself at the n-th line of its journal.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from medflow_tui.actions.medflow_queue import Pace, Place, QueueCrew
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.append_log import AppendLog
from medflow_tui.journal.run_log import JOURNAL
from medflow_tui.model.canonical import canonical
from medflow_tui.model.site import Site
from medflow_tui.runner.process import Assembly, Order, run_from_pipe
from tests.servers.readings import Unlimited, keeper

QUICK = Pace(pause=lambda seconds: time.sleep(min(seconds, 0.05)), settle_s=0.6, tell_every_s=0.2)


def site_and_tools(described: dict[str, str], state: Path) -> tuple[Site, Tools]:
    site = Site(code=described["code"], name="Lab", environment=described["environment"])
    return site, Tools(site=site, secret=keeper({}), budget=Unlimited(), state=state)


def assemble(order: Order) -> Assembly:
    described = json.loads(Path(order.site_file).read_text())
    site, tools = site_and_tools(described, order.state)
    place = Place(backend=described["backend"], redis=described["redis"], deadline_s=5.0)
    return Assembly(site=site, crew=QueueCrew(place, tools, order.login, pace=QUICK))


def die_at(number: int, moment: str) -> None:
    real = AppendLog.append

    def append(self: AppendLog, record: dict[str, object]) -> None:
        if self.path.name != JOURNAL or record["seq"] != number:
            real(self, record)
            return
        if moment == "torn":
            line = canonical(record).encode()
            os.write(self.descriptor, line[: len(line) // 2])
        elif moment == "after":
            real(self, record)
        os.kill(os.getpid(), signal.SIGKILL)

    AppendLog.append = append  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    if os.environ.get("KILL_AT"):
        at, _, when = os.environ["KILL_AT"].partition(":")
        die_at(int(at), when)
    sys.exit(run_from_pipe(assemble, detach="--stay" not in sys.argv))
