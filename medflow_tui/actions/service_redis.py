"""Whether the backend is connected to Redis: after an outage of some seconds it gives up until it is restarted."""

from __future__ import annotations

import time
from collections.abc import Callable

from medflow_tui.actions.looking import Looking
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say

LOOK_S, MARGIN_S = 8.0, 5.0


def at_redis(target: RedisTarget, tools: Tools) -> dict[str, Fact]:
    """`redis.answers`, and `redis.backend_clients` where it can be told whose the connections are."""
    if tools.probe_of is None:
        return {}
    reading = tools.probe_of(target).read(LOOK_S)[0]
    if reading.failure is not None:
        return {"redis.answers": False}
    values = reading.values
    facts: dict[str, Fact] = {"redis.answers": not values["refuses_writes"] and not values["loading"]}
    if values["backend_known"]:
        facts["redis.backend_clients"] = int(values["backend_clients"])
    return facts


class BackendAtRedis(Looking):
    """Passes as soon as the backend holds a connection to Redis; it makes one while it starts."""

    def __init__(
        self, target: RedisTarget | None, tools: Tools, pause: Callable[[float], None], every_s: float
    ) -> None:
        self._target, self._tools, self._pause, self._every_s = target, tools, pause, every_s

    def verify(self, task: Task) -> Finding:
        if self._target is None:
            return Finding(outcome=Outcome.FAIL, said=say("not applicable here: this site names no Redis"))
        ends = time.monotonic() + max(task.step.timeout_s - MARGIN_S, 0.0)
        while True:
            facts = at_redis(self._target, self._tools)
            clients = facts.get("redis.backend_clients")
            if isinstance(clients, int) and clients > 0:
                said = say("the backend is connected to Redis ({n:number})", n=clients)
                return Finding(outcome=Outcome.PASS, said=said, facts=facts)
            if task.halted() or time.monotonic() >= ends:
                break
            self._pause(self._every_s)
        if not facts.get("redis.answers"):
            return Finding(outcome=Outcome.FAIL, said=say("Redis does not answer"), facts=facts)
        if clients is None:
            said = say("whose the connections to Redis are cannot be told")
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        return Finding(outcome=Outcome.FAIL, said=say("the backend is not connected to Redis"), facts=facts)
