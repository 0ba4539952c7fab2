"""Answers that were given to other runs of this site: to tell what was used before from what is just wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from medflow_tui.journal.run_log import all_runs
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.playbook import Playbook
from medflow_tui.playbooks.load import parse
from medflow_tui.rules import spoken
from medflow_tui.runner.preview import Agreed, agreed
from medflow_tui.runner.surroundings import RUNS

MOST_RUNS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The newest runs beside this one, and their challenges of the last windows."""

    state: Path
    run: str
    window: int
    windows: int

    def answered(self, key: bytes, typed: str) -> str:
        """The challenge of another run to which this is the answer; empty when there is none."""
        for folder in [each for each in all_runs(self.state / RUNS) if each.run != self.run][:MOST_RUNS]:
            try:
                plan = agreed(folder.plan())
                playbook = parse(folder.playbook.read_text(encoding="utf-8"), str(folder.playbook))
            except (MedflowError, OSError, KeyError, ValueError, TypeError):
                continue
            for each in range(self.window, self.window - self.windows, -1):
                challenge = spoken.challenge(plan.hash, folder.run, each)
                if spoken.is_right(key, spoken_of(playbook, plan, challenge), typed):
                    return challenge
        return ""


def spoken_of(playbook: Playbook, plan: Agreed, challenge: str) -> spoken.Spoken:
    """What is read out of a plan."""
    facts = {name: tuple(each) if isinstance(each, list) else each for name, each in plan.facts.items()}
    return spoken.Spoken(
        site=plan.site,
        playbook=playbook.id,
        playbook_sha256=playbook.sha256,
        challenge=challenge,
        size=spoken.size_of(playbook.blast.en, facts),
    )
