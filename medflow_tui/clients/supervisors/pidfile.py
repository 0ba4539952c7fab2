"""A plain pid file: the process whose number it holds, unless that number has been given to another one since.

It is asked to end by SIGTERM and by nothing stronger, and started by the program that the site names.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from medflow_tui.clients.command import KEPT, Output
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.seen import Seen, forbidden
from medflow_tui.clients.supervisors.telling import PLANNED, Call
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.procedure import NO_FACTS, Facts
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say

SLACK_S = 2.0  # a start time is counted in ticks of the kernel, a file's time is not
WRITE_PID = """
import os, sys
path = sys.argv[1]
fresh = f"{path}.{os.getpid()}"
with open(fresh, "w") as file:
    file.write(f"{os.getpid()}\\n")
    file.flush()
    os.fsync(file.fileno())
os.replace(fresh, path)
os.execvp(sys.argv[2], sys.argv[2:])
"""
STOPPED = Seen(state="stopped", word="no such process", online=0, kills_after_s=math.inf)


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """Running when the pid lives and started before the file was written; without the file it is stopped."""
    path = Path(target.pid_file)
    try:
        written, text = path.stat().st_mtime, path.read_text(encoding="ascii")[:32]
    except FileNotFoundError:
        return replace(STOPPED, word="no pid file")
    except (OSError, UnicodeDecodeError):
        raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=say("pid file cannot be read"))) from None
    if not text.strip().isdecimal():
        raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=say("pid file holds no number")))
    pid = int(text)
    try:
        process = psutil.Process(pid)
        if process.create_time() > written + SLACK_S:
            return replace(STOPPED, word="pid given to another process")
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return STOPPED
    except psutil.NoSuchProcess:
        return STOPPED
    except psutil.AccessDenied:
        pass
    return Seen(state="running", word="running", pid=pid, kills_after_s=math.inf)


class PidFile:
    """Orders for one process without a manager: nothing starts it again, so that a stop holds it.

    What is started is in a session of its own and prints into a file: it outlives this program.
    """

    name = "pidfile"
    planned = PLANNED

    def __init__(self, target: ProcessTarget) -> None:
        self._target, self._path = target, Path(target.pid_file)

    def look(self, deadline: Deadline) -> Seen:
        return look(self._target, deadline)

    def lacks(self, verb: Verb, seen: Seen) -> Phrase:
        if verb in (Verb.START, Verb.RESTART) and not self._target.start:
            return say("the site does not say how it is started")
        return SILENCE

    def calls(self, verb: Verb, seen: Seen, memory: Facts) -> tuple[Call, ...]:
        end = (self._call(("SIGTERM", self._target.pid_file), self._end),)
        begin = (self._call(self._target.start, self._begin),)
        match verb:
            case Verb.RESTART:
                return (*end, *begin)
            case Verb.STOP | Verb.HOLD:
                return end
            case Verb.START:
                return begin if seen.state == "stopped" else ()
            case Verb.RELEASE:
                return ()

    def memory(self, seen: Seen) -> Facts:
        return NO_FACTS

    def _call(self, argv: tuple[str, ...], act: Callable[[Deadline], Output]) -> Call:
        return Call(argv=argv, judge=_told, act=act)

    def _end(self, deadline: Deadline) -> Output:
        """Ask the process to end, and wait until it has: looked at once more right before, for its pid is a number."""
        pid = look(self._target, deadline).pid
        if pid is None:
            return Output(code=0, text="", errors="")
        try:
            process = psutil.Process(pid)
            process.send_signal(signal.SIGTERM)  # psutil asks first whether it is still the same one
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                if deadline.passed():
                    return Output(code=1, text="", errors="still running")
                time.sleep(0.05)
        except psutil.NoSuchProcess:
            pass
        except psutil.AccessDenied:
            raise forbidden(say("this account may not do it: the site must allow it")) from None
        return Output(code=0, text="", errors="")

    def _begin(self, deadline: Deadline) -> Output:
        """Start it, and wait until its pid file names a process that lives, or it has ended."""
        try:
            child = self._spawn()
        except OSError as error:
            return Output(code=127, text="", errors=error.strerror or "?")
        while not deadline.passed():
            code = child.poll()
            if code:
                return Output(code=code, text="", errors="")
            if look(self._target, deadline).state == "running":
                return Output(code=0, text="", errors="")
            time.sleep(0.05)
        return Output(code=1, text="", errors="no pid file")

    def _spawn(self) -> subprocess.Popen[bytes]:
        given = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
        with Path(self._target.output or os.devnull).open("ab") as output:
            return subprocess.Popen(
                self._argv(),
                cwd=self._target.start_in or None,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _argv(self) -> tuple[str, ...]:
        """What is started writes its own pid before it becomes the program: nobody need live on to do so."""
        if self._target.writes_pid_file:
            return self._target.start
        return (sys.executable, "-I", "-S", "-c", WRITE_PID, self._target.pid_file, *self._target.start)


def _told(output: Output) -> Phrase:
    if output.code == 0:
        return SILENCE
    if output.errors == "still running":
        return say("it does not end, and it is not killed")
    if output.errors == "no pid file":
        return say("it was started, but its pid file names no process")
    return say("it cannot be started, or ended at once (exit {code})", code=str(output.code))
