"""Orders for one process of PM2, by `pm2 restart|stop|start NAME`, and `pm2 save` where a reboot would undo a hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from medflow_tui.clients.command import Output, run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors import pm2
from medflow_tui.clients.supervisors.saying import refused
from medflow_tui.clients.supervisors.seen import Seen
from medflow_tui.clients.supervisors.telling import PLANNED, Call
from medflow_tui.model.procedure import Facts
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say

DUMP = "dump.pm2"
SAVED_UP = "saved_up"
_LARGEST = 32 * 1024 * 1024


class Pm2:
    """PM2 keeps a stopped process stopped until somebody starts it; after a reboot it starts what was last saved.

    So a hold is a stop, and a save where the saved list would start it. A save writes the whole list: where another
    process stands otherwise than in the saved list, the hold is refused, because it would change that one's reboot.
    It is refused too for a process with `cron_restart` or `watch`: PM2 starts that again although it was stopped.
    """

    name = "pm2"
    planned = PLANNED

    def __init__(self, target: ProcessTarget) -> None:
        self._target = target
        self._home = pm2.home_of(target) or Path("/")

    def look(self, deadline: Deadline) -> Seen:
        seen = pm2.look(self._target, deadline)
        saved = self._saved().get(self._target.unit)
        is_down = seen.state in ("stopped", "failed") and not seen.pid
        stays = not seen.more.get("cron") and not seen.more.get("watch")
        return replace(seen, at_boot=saved == "up", held=is_down and stays and saved != "up")

    def lacks(self, verb: Verb, seen: Seen) -> Phrase:
        if verb is not Verb.HOLD:
            return SILENCE
        if seen.more.get("cron"):
            return say("PM2 would start it again by its cron_restart")
        if seen.more.get("watch"):
            return say("PM2 would start it again when a file changes: it watches")
        others = self._others_that_differ() if seen.at_boot else ()
        if others:
            return say(
                "to keep this would also change what starts at a boot: {names}", names=", ".join(others)
            )
        return SILENCE

    def calls(self, verb: Verb, seen: Seen, memory: Facts) -> tuple[Call, ...]:
        match verb:
            case Verb.RESTART | Verb.STOP:
                return (self._order(verb.value),)
            case Verb.START:  # what a boot started before it was held must be so again: saved once it runs
                return (self._order("start"), *((self._save(),) if memory.get(SAVED_UP) else ()))
            case Verb.HOLD:
                return (self._order("stop"), *((self._save(),) if seen.at_boot else ()))
            case Verb.RELEASE:
                return ()

    def memory(self, seen: Seen) -> Facts:
        return {SAVED_UP: bool(seen.at_boot)}

    def _order(self, word: str) -> Call:
        return self._call("pm2", word, self._target.unit, must_say=f"[{self._target.unit}](")

    def _save(self) -> Call:
        return self._call("pm2", "save", must_say="Successfully saved")

    def _call(self, *argv: str, must_say: str) -> Call:
        def judge(output: Output) -> Phrase:
            """PM2 names the process and ticks it off; it also ends with 0 after `[PM2][ERROR]`."""
            if output.code != 0 or "[PM2][ERROR]" in output.text + output.errors:
                return refused(output) or say(
                    "{program} says no (exit {code})", program="PM2", code=str(output.code)
                )
            return SILENCE if must_say in output.text else say("PM2 does not say that it did it")

        return Call(argv=argv, judge=judge, environment=tuple(pm2.environment(self._home).items()))

    def _saved(self) -> dict[str, str]:
        """Each process of the saved list: `up` when a boot starts it, else `down`. Nothing else of it is kept."""
        path = self._home / DUMP
        try:
            if path.stat().st_size > _LARGEST:
                return {}
            found = json.loads(path.read_text(encoding="utf-8", errors="replace"))
        except (OSError, ValueError, RecursionError):
            return {}
        rows = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        return {str(each.get("name")): _boots(each.get("status")) for each in rows}

    def _others_that_differ(self) -> tuple[str, ...]:
        try:
            output = run(("pm2", "jlist"), Deadline.after(10.0), pm2.environment(self._home))
        except UnreachableError:
            return ("?",)
        now, saved, own = pm2.standing(output.text), self._saved(), self._target.unit
        names = sorted({*now, *saved} - {own})
        return tuple(each for each in names if _boots(now.get(each)) != saved.get(each) or each not in now)


def _boots(status: object) -> str:
    """PM2 starts at a boot what was not stopped when it was saved, whatever became of it.

    >>> _boots("online"), _boots("errored"), _boots("stopped")
    ('up', 'up', 'down')
    """
    return "down" if status == "stopped" else "up"
