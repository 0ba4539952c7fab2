"""Starts a run as a process of its own session, which outlives the terminal, the viewer and a hang-up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import say
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.process import Order

STARTED_WITHIN_S, ASKED_WITHIN_S = 30.0, 3.0
SYSTEMD = Path("/run/systemd/system")  # there when systemd is the init of this machine (sd_booted)
LINGER = Path(
    "/var/lib/systemd/linger"
)  # a file for each user whose manager outlives the log-ins (loginctl(1))


def start(command: tuple[str, ...], order: Order) -> None:
    """Start `command` (the wiring's entry that calls `run_from_pipe`) with an order in its standard input.

    Returns when the run has a life of its own; what it does is followed in its journal. The order, and with it the
    operator's password, goes through an anonymous pipe: never into an argument, the environment or a file.
    Raises RefusedError when the process does not start.
    """
    folder = RunFolder(path=order.folder)
    output = os.open(folder.output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        child = subprocess.Popen(
            (*scope_of(folder.run), *command),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            close_fds=True,
        )
        try:
            child.communicate(order.written(), timeout=STARTED_WITHIN_S)
        except subprocess.TimeoutExpired as error:
            child.kill()
            child.wait()
            raise RefusedError(say("the run did not start in time"), "timeout") from error
    except OSError as error:
        raise RefusedError(
            say("the run cannot be started: {why}", why=error.strerror or "?"), "fault"
        ) from error
    finally:
        os.close(output)
    if child.returncode != 0:
        raise RefusedError(say("the run ended at once: see {path}", path=str(folder.output)), "fault")


def scope_of(run: str) -> tuple[str, ...]:
    """What stands before the command so that a run is no part of the log-in that started it; nothing without systemd.

    A scope keeps the pipe and the output, and is not ended with the session (`KillUserProcesses=yes`). A user's own manager
    ends with the last log-in, and all its scopes with it, unless that user lingers: then a session of its own is safer.
    """
    program, user = shutil.which("systemd-run"), os.getuid()
    if program is None or not SYSTEMD.is_dir() or (user and not (LINGER / name_of(user)).exists()):
        return ()
    manager = ("--user",) if user else ()
    scope = (program, *manager, "--scope", "--quiet", "--collect")
    try:
        tried = subprocess.run(
            (*scope, "true"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=ASKED_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    unit = re.sub(r"[^A-Za-z0-9-]", "-", run)
    return (*scope, f"--unit=medflow-run-{unit}-{os.getpid()}") if tried.returncode == 0 else ()
