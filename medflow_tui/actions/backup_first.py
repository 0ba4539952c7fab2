"""The backup before a change: the site's own command, and then what really lies there; without one, a fresh verified one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.actions.backup_vault import Values, Vault, digest, is_running
from medflow_tui.actions.looking import Looking, failed
from medflow_tui.actions.programs import run
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Finding, Login, Performer, Survey, Task
from medflow_tui.model.playbook import Expect, Guard, Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.argv import fault
from medflow_tui.rules.backup_guards import PRODUCTION, facts_of, verified

FORBIDDEN = (r"(?i)^(\d{4}-\d\d-\d\d\S*\s+)?\W*(\w*error|fatal|failed|échec|erreur)\b",)
ROOM_TENTHS = 13  # of the size of the newest one, as `design/guarded-runs.md` A.5 asks
MARGIN_S, LOOK_EVERY_S, DISKS_DIFFER_S = 5.0, 0.2, 120.0
SETTLES_S = 150.0  # what a crash left behind must stand still for so long at most
KEPT = say("the backup stays")


class Look(Looking):
    """Reads the newest verified one once more: its bytes must still be those that were verified."""

    def __init__(self, site: Site, tools: Tools, vault: Vault) -> None:
        self._site, self._tools, self._vault = site, tools, vault

    def verify(self, task: Task) -> Finding:
        """A date of change alone proves nothing. Outside of production it goes on without a backup, and says so."""
        ends = _ends(task)
        sets = self._vault.settled(ends, task.halted)
        found = self.judged(sets, task)
        if found.outcome is not Outcome.PASS:
            if self._site.environment == PRODUCTION or found.outcome is Outcome.FAIL:
                return found
            said = say("goes on without a backup: not production").also(found.said)
            return Finding(outcome=Outcome.PASS, said=said)
        name = str(found.facts["backup_set"])
        now = digest(self._vault.path(name, sets[name]), ends - time.monotonic())
        if not now:
            return Finding(outcome=Outcome.UNKNOWN, said=say("{set}: it could not be read", set=name))
        if now != sets[name]["sha256"]:
            return failed(say("{set}: it is not what was read before: changed or damaged since", set=name))
        return found

    def judged(self, sets: dict[str, Values], task: Task) -> Finding:
        """The same rule as the guard's, on what was measured now."""
        need = {each: value for each, value in task.step.args.items() if each in ("level", "max_age_s")}
        guard = Guard(id=task.step.id, kind="verified_backup", why=Text(), fix=Text(), need=need)
        measured = {**facts_of(sets, self._tools.now()), "environment": self._site.environment}
        outcome, said = verified(guard, measured)
        name = str(measured.get("backup.set", ""))
        return Finding(outcome=outcome, said=said, facts=_told(name, sets[name]) if name in sets else {})


class Take:
    """Runs the command, and believes only what lies there afterwards. Without a command it looks at the newest."""

    def __init__(self, site: Site, tools: Tools, vault: Vault) -> None:
        self._site, self._tools, self._vault = site, tools, vault
        self._look = Look(site, tools, vault)
        self._argv = site.releases.backup
        self.calls: tuple[str, ...] = (" ".join(self._argv),) if self._argv else ()

    def prepare(self, task: Task) -> Finding:
        """Never two at once, and never without room for one more."""
        if not self._argv:
            return Finding(outcome=Outcome.PASS)
        if is_running(self._argv):
            return failed(say("this very command works already: wait until it has ended"))
        sets = self._vault.quiet(SETTLES_S if "began" in task.own() else 0.0)
        if not sets:
            return Finding(outcome=Outcome.UNKNOWN, said=say("no series of backups can be read"))
        writing = next((name for name, each in sets.items() if each["writing"]), "")
        if writing:
            return failed(say("{set}: another backup is being written", set=writing))
        newest = max(each["size"] for each in sets.values())
        free = min(each["free"] for each in sets.values())
        if free * 10 < newest * ROOM_TENTHS:
            said = say(
                "{free:bytes} free for a backup; the newest one has {size:bytes}", free=free, size=newest
            )
            return failed(said)
        before = tuple(f"{name} {_identity(each)}" for name, each in sets.items())
        return Finding(outcome=Outcome.PASS, facts={"before": before, "began": datetime.now(UTC).isoformat()})

    def carry_out(self, task: Task) -> Finding:
        if not self._argv:
            return Finding(outcome=Outcome.PASS, facts={"calls_made": 0})
        expect = Expect(
            stdout_require=self._site.releases.backup_says, stdout_forbid=FORBIDDEN, stderr_forbid=FORBIDDEN
        )
        return run(self._tools, task, self._argv, Path(self._site.folder), expect, task.step.id)

    def verify(self, task: Task) -> Finding:
        return self._made(task, _ends(task)) if self._argv else self._look.verify(task)

    def reconcile(self, task: Task) -> Finding:
        """One that was started before a crash gets the time to end; how it ended nobody heard: it is taken again."""
        if not self._argv:
            return Finding(outcome=Outcome.FAIL)
        ends = time.monotonic() + task.step.timeout_s
        while is_running(self._argv):
            if time.monotonic() >= ends or task.halted():
                return Finding(outcome=Outcome.UNKNOWN, said=say("the backup command still works"))
            time.sleep(LOOK_EVERY_S)
        if task.own().get("exit") != 0:
            said = say("how the backup ended is not known: it is taken again")
            return Finding(outcome=Outcome.FAIL, said=said, facts={"calls_made": 1})
        found = self.verify(task)
        return Finding(outcome=found.outcome, said=found.said, facts={"calls_made": 1})

    def _made(self, task: Task, ends: float) -> Finding:
        """A new one, not much smaller than the one before, read to its end, its SHA-256 written down."""
        own = task.own()
        before, began = own.get("before", ()), str(own.get("began", ""))
        known = set(before) if isinstance(before, tuple) else set()
        while True:
            sets = self._vault.settled(ends, task.halted)
            new = {name: each for name, each in sets.items() if self._is_new(name, each, known, began)}
            is_over = time.monotonic() >= ends or bool(task.halted())
            if new or is_over or not any(each["writing"] for each in sets.values()):
                break
            time.sleep(LOOK_EVERY_S)
        if not new:
            return failed(say("the command ended well, but no new backup lies there"))
        name, values = max(new.items(), key=lambda each: each[1]["verified"])
        facts = _told(name, values)
        least = self._least(name, values)
        if values["size"] < least:
            said = say("{set}: {size:bytes} only, at least {least:bytes} expected", set=name, size=values["size"], least=least)  # fmt: skip
            return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        return self._look.judged({name: values}, task)

    def _is_new(self, name: str, values: Values, known: set[str], began: str) -> bool:
        """Another than before, and written since; the clock of another machine's disk may differ a little."""
        if not values["count"] or f"{name} {_identity(values)}" in known:
            return False
        try:
            written = self._vault.path(name, values).stat().st_mtime
            return written >= datetime.fromisoformat(began).timestamp() - DISKS_DIFFER_S
        except (OSError, ValueError):
            return False

    def _least(self, name: str, values: Values) -> int:
        """Bytes: what the site file asks, and not much less than the median of those before."""
        _, plan = self._vault.plans()[name]
        before = sorted(values["sizes_before"])
        median = before[len(before) // 2] if before else 0
        return max(plan.minimum_bytes, int(median * (100.0 - plan.drop_percent) / 100.0))


class Keep(Looking):
    """The way back of a backup: it stays."""

    def verify(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS, said=KEPT)

    def reconcile(self, task: Task) -> Finding:
        return self.verify(task)


class BackupFirstCrew:
    """What a playbook needs that takes a backup before it changes anything."""

    def __init__(self, site: Site, tools: Tools) -> None:
        self._site, self._tools = site, tools
        self._vault = Vault(site=site, tools=tools, only=site.releases.backup_set)
        self._performers: dict[str, Performer] = {
            "backup_first.take": Take(site, tools, self._vault),
            "backup_first.keep": Keep(),
            "backup_first.look": Look(site, tools, self._vault),
        }

    def __enter__(self) -> BackupFirstCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between two looks."""

    def survey(self) -> Survey:
        facts = facts_of(self._vault.look(), self._tools.now())
        if self._site.releases.backup:
            facts["backup.command"] = "sees" if self._vault.plans() else "blind"
        return Survey(facts=facts)

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)


def crew(site: Site, tools: Tools, login: Login | None) -> BackupFirstCrew:
    """The crew at this site. Raises RefusedError for a backup command that this program would never run."""
    argv = site.releases.backup
    wrong = fault(argv) if argv else None
    if wrong:
        raise RefusedError(say("the backup command of [releases]:").also(wrong))
    return BackupFirstCrew(site, tools)


def _ends(task: Task) -> float:
    """When to say what is known, as of `time.monotonic`."""
    return time.monotonic() + max(task.step.timeout_s - MARGIN_S, 1.0)


def _identity(values: Values) -> str:
    taken = values["taken_at"]
    return f"{values['name']} {values['size']} {taken.isoformat() if taken else ''}"


def _told(name: str, values: Values) -> dict[str, Fact]:
    """What the journal keeps of a backup."""
    return {
        "backup_set": name,
        "backup_name": values["name"],
        "backup_size": values["size"],
        "backup_level": values["verified"],
        "backup_sha256": values["sha256"],
    }
