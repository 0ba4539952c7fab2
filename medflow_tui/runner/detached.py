"""Starts a run as a process of its own session, which outlives the terminal, the viewer and a hang-up."""

from __future__ import annotations

import os
import subprocess

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import say
from medflow_tui.runner.process import Order

STARTED_WITHIN_S = 30.0


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
            command,
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
            raise RefusedError(say("the run did not start in time")) from error
    except OSError as error:
        raise RefusedError(say("the run cannot be started: {why}", why=error.strerror or "?")) from error
    finally:
        os.close(output)
    if child.returncode != 0:
        raise RefusedError(say("the run ended at once: see {path}", path=str(folder.output)))
