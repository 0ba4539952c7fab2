"""A playbook that looks and hands over as the real program runs it: a process of its own, killed while it waits, gone on with."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.config.load import load
from medflow_tui.journal.run_log import create
from medflow_tui.lab.backup_folder import truncate_newest, write_backups
from medflow_tui.model.procedure import Phase
from medflow_tui.playbooks.load import load as load_playbook
from medflow_tui.playbooks.load import shipped
from medflow_tui.runner.channel import speak
from medflow_tui.runner.detached import start
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.process import Order
from medflow_tui.runner.runner import Mandate
from medflow_tui.runner.wishes import Wish
from medflow_tui.wiring import RUN_COMMAND, tools_for
from medflow_tui.wiring.crews import JoinedCrew
from tests.contracts.test_detached_run import until
from tests.servers.small_site import write_site

COMMAND = (sys.executable, "-m", "medflow_tui", RUN_COMMAND)


@dataclass(frozen=True, kw_only=True)
class Place:
    site_file: Path
    state: Path
    backups: Path

    def order(self) -> Order:
        site, playbook = load(self.site_file).site, load_playbook(shipped() / "daily-backup-check.toml")
        with JoinedCrew(playbook, site, tools_for(site, self.state), None) as crew:
            plan = make_plan(playbook, site, crew, self.state, now=datetime.now(UTC))
        folder = create(self.state / "runs", plan, playbook.source)
        mandate = Mandate(who="tech1", reason="the daily look", typed=plan.confirm, plan_hash=plan.hash)
        return Order(folder=folder.path, site_file=str(self.site_file), state=self.state, mandate=mandate)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "backups"
    write_backups(folder, datetime.now(UTC))
    truncate_newest(folder)
    site_file = write_site(tmp_path, f'[target.backups]\nfolder = "{folder}"\n')
    return Place(site_file=site_file, state=tmp_path / "state", backups=folder)


def test_killed_while_it_waits_for_an_answer_it_asks_again_and_ends(place: Place) -> None:
    order = place.order()
    start(COMMAND, order)
    state = until(order, lambda each: each.phase is Phase.WAITING, 60)
    os.kill(state.pid, signal.SIGKILL)
    assert until(order, lambda each: not each.phase.is_alive).phase is Phase.INTERRUPTED
    start(COMMAND, order)
    until(order, lambda each: each.phase is Phase.WAITING, 60)
    speak(order.folder, Wish(what="answer", who="tech1", session="one", step="tell", choice="told"))
    assert until(order, lambda each: each.phase.is_over, 60).phase is Phase.SUCCEEDED
    assert "daily" in (order.folder / "handover.txt").read_text()
