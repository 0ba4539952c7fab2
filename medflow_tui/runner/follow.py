"""Follows a run through its journal: what is new, where it stands, and which runs were left unfinished."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from medflow_tui.journal.append_log import DamagedError, read_lines
from medflow_tui.journal.run_log import RunFolder, all_runs, entries_of, find
from medflow_tui.model.canonical import Facts
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.procedure import Entry, Mark, Phase, Playbook, RunState
from medflow_tui.model.words import say
from medflow_tui.playbooks.load import parse
from medflow_tui.rules.standing import state_of
from medflow_tui.runner.alive import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNews:
    """What was written since the last look, and where the run stands now."""

    entries: tuple[Entry, ...]
    state: RunState


class Follower:
    """Reads a journal from where it last stopped. Any number may follow one run; none disturbs it."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._entries: tuple[Entry, ...] = ()
        self._offset = 0
        self._playbook: Playbook | None = None

    def poll(self) -> RunNews:
        """One look; never waits and never raises: a damaged journal is a state."""
        try:
            new = self._read_on()
            return RunNews(entries=new, state=self._state())
        except MedflowError as error:
            damaged = RunState(run=self._folder.run, phase=Phase.DAMAGED, said=error.phrase, changed=True)
            return RunNews(entries=(), state=damaged)

    @property
    def playbook(self) -> Playbook:
        """The playbook as it was when the run was planned. Raises MedflowError."""
        if self._playbook is None:
            path = self._folder.playbook
            try:
                self._playbook = parse(path.read_text(encoding="utf-8"), str(path))
            except (OSError, UnicodeDecodeError) as error:
                raise DamagedError(say("{path} is missing or damaged", path=str(path))) from error
        return self._playbook

    @property
    def facts(self) -> Facts:
        """What was measured when the run was planned: the values in the playbook's texts. Raises MedflowError."""
        found = self._folder.plan().get("facts", {})
        return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that was read so far."""
        return self._entries

    def _read_on(self) -> tuple[Entry, ...]:
        lines = read_lines(self._folder.journal, offset=self._offset)
        new = entries_of(self._folder.journal, lines.records, after=len(self._entries) - 1)
        self._offset = max(self._offset, lines.sound_bytes)
        self._entries += new
        return new

    def _state(self) -> RunState:
        state = state_of(self.playbook, self._folder.run, self._entries, alive=self._writer_lives())
        if state.phase is Phase.PLANNED and (told := self._output()):
            return replace(state, phase=Phase.REFUSED, said=say("{why}", why=told))
        return state

    def _writer_lives(self) -> bool:
        newest = next(
            (each for each in reversed(self._entries) if each.mark in (Mark.RUN_STARTED, Mark.RESUMED)), None
        )
        if newest is None:
            return False
        facts = newest.facts
        pid = facts.get("pid", 0)
        process = Identity(
            pid=pid if isinstance(pid, int) else 0,
            started=str(facts.get("started", "")),
            boot=str(facts.get("boot", "")),
        )
        return process.lives

    def _output(self) -> str:
        """The last line that the process printed before it could write a journal."""
        try:
            lines = self._folder.output.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return lines[-1][:200] if lines else ""


def is_over(runs: Path, run: str) -> bool | None:
    """Whether nothing of a run is half-way: it has ended, or it has changed and holds nothing. None when not known.

    A run has written a line before it takes a lock: one that left a lock behind and no line is not known.
    """
    try:
        follower = Follower(find(runs, run))
    except MedflowError:
        return None
    state = follower.poll().state
    if state.phase is Phase.DAMAGED or not follower.entries:
        return None
    return state.phase.is_over or not (state.changed or state.holds)


def history(runs: Path) -> tuple[RunState, ...]:
    """Every run as it stands, newest first."""
    return tuple(Follower(folder).poll().state for folder in all_runs(runs))


def unfinished(runs: Path) -> tuple[RunState, ...]:
    """Runs that go on, wait for a person, or were interrupted: what the next start of the dashboard must show."""
    return tuple(
        each
        for each in history(runs)
        if each.phase.is_alive or each.phase.can_go_on or each.phase is Phase.DAMAGED
    )
