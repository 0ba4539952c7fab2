"""A service of docker compose: its container, found by the labels that every version of compose writes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from medflow_tui.clients.command import Output, run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.saying import by_code, refused, with_rights
from medflow_tui.clients.supervisors.seen import Seen, forbidden, garbled, not_here, unknown_to
from medflow_tui.clients.supervisors.telling import PLANNED, Call
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.procedure import Facts
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say

LABEL = "com.docker.compose"
POLICY = "restart_policy"
AS_BEFORE = "POLICY-BEFORE"  # in a plan only: which one it was is known when it is held
POLICIES = re.compile(r"no|always|unless-stopped|on-failure(?::\d{1,6})?")
STATES = {
    "running": "running",
    "created": "stopped",
    "restarting": "restarting",
    "removing": "stopping",
    "paused": "stopped",
    "exited": "stopped",
    "dead": "failed",
}
KILLED = ("SIGKILL", "KILL", "9")
FAILED_BY = 128  # the shell's way to tell a signal


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What the engine knows of the container. Raises UnreachableError; two containers are one too many to act on."""
    listed = _ask(target, deadline, "ps", "--all", "--quiet", "--no-trunc", *filters(target))
    ids = listed.text.split()
    if not ids:
        raise unknown_to("docker compose")
    if len(ids) > 1:
        raise forbidden(say("{n:number} containers of this service: none is acted on", n=len(ids)))
    return parse(_ask(target, deadline, "inspect", "--type", "container", ids[0]).text)


def filters(target: ProcessTarget) -> tuple[str, ...]:
    """The options that find the service of this project and no other."""
    wanted = {"service": target.unit, "project": target.compose_project, "oneoff": "False"}
    return tuple(
        word for name, value in wanted.items() for word in ("--filter", f"label={LABEL}.{name}={value}")
    )


def argv_of(target: ProcessTarget, *more: str) -> tuple[str, ...]:
    host = ("--host", target.docker_socket) if target.docker_socket else ()
    return with_rights(("docker", *host, *more), sudo=target.sudo)


def _ask(target: ProcessTarget, deadline: Deadline, *more: str) -> Output:
    if target.docker_socket and not target.docker_socket.startswith("unix://"):
        raise not_here(say("the engine is on another machine: act there"))
    output = run(argv_of(target, *more), deadline)
    if output.code == 0:
        return output
    if "no such container" in output.errors.lower():
        raise unknown_to("docker compose")
    if "cannot connect to the docker daemon" in output.errors.lower():
        raise UnreachableError(Failure(cause=Cause.REFUSED, text=say("the Docker engine does not run")))
    why = refused(output)
    raise forbidden(why) if why else garbled("docker")


def parse(text: str) -> Seen:
    """What is kept of `docker inspect`, whose answer holds the environment. Raises UnreachableError."""
    try:
        (found,) = json.loads(text)
        state, host = found["State"], found["HostConfig"]
        status, policy = str(state["Status"]), _policy(host["RestartPolicy"])
        seen = _seen(found, state, host, status, policy)
    except (ValueError, KeyError, TypeError, RecursionError):
        seen = None
    if seen is None or status not in STATES:
        raise garbled("docker")
    return seen


def _seen(
    found: Mapping[str, Any], state: Mapping[str, Any], host: Mapping[str, Any], status: str, policy: str
) -> Seen:
    pid, code = int(state.get("Pid") or 0), int(state.get("ExitCode") or 0)
    word = STATES.get(status, "")
    is_down = word in ("stopped", "failed") and status != "paused"
    health = str((state.get("Health") or {}).get("Status") or "")
    return Seen(
        state="failed" if status == "exited" and code else word,
        word=status,
        pid=pid or None,
        started_at=_moment(str(state.get("StartedAt") or "")),
        restarts=int(found.get("RestartCount") or 0),
        memory_limit=int(host.get("Memory") or 0) or None,
        online=1 if word == "running" else 0,
        exit_code=None if pid else code,
        at_boot=policy != "no",
        held=is_down and policy == "no",
        handle=str(found["Id"])[:12],
        ended_by="oom-kill"
        if state.get("OOMKilled")
        else f"signal {code - FAILED_BY}"
        if code > FAILED_BY
        else "",
        kills_after_s=0.0 if _stop_signal(found) in KILLED else math.inf,  # we order it without a limit
        more={POLICY: policy, "health": health},
    )


def _stop_signal(found: Mapping[str, Any]) -> str:
    return str((found.get("Config") or {}).get("StopSignal") or "")


def _policy(told: Mapping[str, Any]) -> str:
    name, most = str(told.get("Name") or "no"), int(told.get("MaximumRetryCount") or 0)
    return f"{name}:{most}" if name == "on-failure" and most else name


def _moment(text: str) -> datetime | None:
    """A time with nanoseconds, or year 1 for never.

    >>> _moment("0001-01-01T00:00:00Z") is None
    True
    """
    cut = re.sub(r"\.(\d{1,6})\d*", r".\1", text)
    try:
        found = datetime.fromisoformat(cut.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.year > 1 else None


class Compose:
    """Orders for the container itself, so that no file of compose is read anew and nothing else is touched.

    It is stopped without a limit of time (`-t -1`): the engine would kill it after ten seconds. A hold takes the
    restart policy away first: with `always` the engine starts a stopped container when it starts itself.
    """

    name = "compose"

    def __init__(self, target: ProcessTarget) -> None:
        self._target = target
        name = f"{target.compose_project}/{target.unit}"
        self.planned = replace(PLANNED, handle=name, more={POLICY: AS_BEFORE})

    def look(self, deadline: Deadline) -> Seen:
        return look(self._target, deadline)

    def lacks(self, verb: Verb, seen: Seen) -> Phrase:
        if verb is Verb.RESTART and seen.word == "paused":
            return say("it is paused: somebody is at work on it")
        return SILENCE

    def calls(self, verb: Verb, seen: Seen, memory: Facts) -> tuple[Call, ...]:
        box, stop = seen.handle, ("stop", "-t", "-1", seen.handle)
        match verb:
            case Verb.RESTART:
                return (self._call("restart", "-t", "-1", box),)
            case Verb.STOP:
                return (self._call(*stop),)
            case Verb.START:
                return (self._call("start", box),)
            case Verb.HOLD:
                return (self._call("update", "--restart", "no", box), self._call(*stop))
            case Verb.RELEASE:
                policy = str(memory.get(POLICY, ""))
                if policy == "no" or not (POLICIES.fullmatch(policy) or seen is self.planned):
                    return ()
                return (self._call("update", "--restart", policy, box),)

    def memory(self, seen: Seen) -> Facts:
        return {POLICY: seen.more.get(POLICY, "no")}

    def _call(self, *argv: str) -> Call:
        return Call(argv=argv_of(self._target, *argv), judge=_names(argv[-1]))


def _names(box: str) -> Callable[[Output], Phrase]:
    """The engine repeats the name of each container that it did it to."""

    def judge(output: Output) -> Phrase:
        if output.code != 0:
            return by_code("docker", output)
        return SILENCE if box in output.text.split() else say("docker does not say that it did it")

    return judge
