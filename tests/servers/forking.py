"""Runs on services, each in a process that is forked from one that has imported everything; it may stand in a namespace."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.service_run import ROOT, Run, main

EXIT = "exit "
LATE = ("medflow_tui.runner.surroundings", "medflow_tui.runner.listener")


@dataclass(frozen=True, slots=True)
class Forking:
    """Orders go in, and come out as the name of the run and its exit code."""

    process: subprocess.Popen[str]
    errors: Path

    def end(self, run: Run, kill: str = "") -> int:
        """As `run.end`: its exit code, negative when it was killed."""
        orders, told = self.process.stdin, self.process.stdout
        assert orders is not None
        assert told is not None
        orders.write(json.dumps(run.order(kill)) + "\n")
        orders.flush()
        while not (said := told.readline().strip()).startswith(EXIT):
            assert said, self.errors.read_text()[-2000:]
            run.run = said
        code = int(said.removeprefix(EXIT))
        assert code in (0, 2, 3, -signal.SIGKILL), self.errors.read_text()[-2000:]
        return code


@contextmanager
def forking(folder: Path, enter: tuple[str, ...]) -> Iterator[Forking]:
    """`enter` stands before the program; what it says of errors is in a file of the folder."""
    errors = folder / "runs.log"
    with errors.open("w") as file:
        process = subprocess.Popen(
            (*enter, sys.executable, "-m", "tests.servers.forking"),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    try:
        yield Forking(process, errors)
    finally:
        process.communicate(timeout=60)  # nothing more comes in: its loop ends


def carried_out(order: Mapping[str, Any]) -> int:
    """In the process of the run, which has nothing of the pipes."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    return main(order)


def serve() -> None:
    """Until nobody orders any more. What a run imports late is imported here, once."""
    for each in LATE:
        importlib.import_module(each)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 70
            try:
                code = carried_out(json.loads(line))
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        print(f"{EXIT}{os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    serve()
