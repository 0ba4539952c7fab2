"""The pages of guarded runs when something is in the way: a narrow terminal, a folder that goes, a journal that is damaged, no right to read."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.model.procedure import Phase
from medflow_tui.ui.screens.audit import AuditScreen
from medflow_tui.ui.screens.run import RunScreen
from medflow_tui.ui.screens.runs import RunsScreen
from tests.servers.dashboard import Dashboard
from tests.unit.runner.stage import Stage
from tests.unit.ui.scenes import flat, run_of
from tests.unit.ui.test_run_screen import (
    ONE_PERSON,
    answer,
    begun,
    dashboard_of,
    open_run,
    raise_rights,
    soon,
)

__all__ = ["soon"]
NARROW = (40, 24)


@pytest.fixture(autouse=True)
def fallen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Threads that ended with a fault: their tracebacks would be written over the screen."""
    found: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", found.append)
    yield found
    assert found == []


async def ended(dashboard: Dashboard, stage: Stage) -> Path:
    """A run that was stopped as it stood, and left; its folder."""
    run = begun(dashboard, stage)
    await open_run(dashboard, stage)
    await dashboard.until(lambda: "Site on the banner" in dashboard.text, "the checklist is asked")
    await answer(dashboard, "2", "s")
    run.result()
    await dashboard.until(lambda: "stopped as it stood" in dashboard.text, "it is over")
    await dashboard.press("escape")
    assert stage.folder is not None
    folder, stage.folder = stage.folder.path, None
    return folder


async def test_on_forty_columns_every_page_is_whole_and_what_is_below_is_counted(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage, language="fr") as dashboard:
        raise_rights(dashboard)
        await dashboard.pilot.resize_terminal(*NARROW)
        run = begun(dashboard, stage)
        screen = await open_run(dashboard, stage)
        await dashboard.until(lambda: "bannière" in flat(dashboard), "the checklist is asked")
        for keys in ((), ("t",)):
            await dashboard.press(*keys)
            await dashboard.until(lambda: "+" in dashboard.lines[-1], "how much is below")
            assert "répondre" in dashboard.lines[-1]
            await dashboard.press("end")
            assert "plan" in dashboard.text
        await answer(dashboard, "2", "s")
        run.result()
        await dashboard.until(lambda: screen.followed and screen.followed.state.phase.is_over, "it is over")
        for key, kind in (("f9", RunScreen), ("f10", AuditScreen), ("b", None)):
            while dashboard.app.screen is not dashboard.app.dashboard:
                await dashboard.press("escape")
            await dashboard.press(key)
            if kind is not None:
                await dashboard.until(lambda kind=kind: isinstance(dashboard.app.screen, kind), key)
            assert all(len(line) <= NARROW[0] for line in dashboard.lines)


async def test_a_folder_that_is_removed_while_it_is_looked_at_is_said_in_words(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with run_of(stage, "Site on the banner") as dashboard:
        screen = dashboard.app.screen
        assert isinstance(screen, RunScreen)
        assert stage.folder is not None
        aside = stage.folder.path.rename(stage.state / "aside")
        await dashboard.until(
            lambda: screen.followed and screen.followed.state.phase is Phase.DAMAGED, "it is told"
        )
        await dashboard.until(lambda: "missing or damaged" in flat(dashboard), "in words")
        assert "Something may have been changed" in flat(dashboard)
        aside.rename(stage.folder.path)


async def test_a_damaged_journal_stands_in_the_list_beside_the_others_and_is_opened(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        damaged, gone = sorted([await ended(dashboard, stage) for _ in range(2)])  # the list: backwards
        journal = damaged / "journal.jsonl"
        journal.write_bytes(b"{torn}\n" + journal.read_bytes())
        await dashboard.press("f9", "f9")
        await dashboard.until(lambda: isinstance(dashboard.app.screen, RunsScreen), "the list")
        assert "damaged" in dashboard.text
        assert "stopped as it stood" in flat(dashboard) or "STOPPED" in dashboard.text.upper()
        await dashboard.until(lambda: not _named("runs"), "the list has been read again")
        shutil.rmtree(gone)
        await dashboard.press("enter")
        await dashboard.until(lambda: isinstance(dashboard.app.screen, RunScreen), "what is gone is opened")
        await dashboard.until(lambda: "there is no run named" in flat(dashboard), "it is gone")
        await dashboard.press("escape")
        await dashboard.until(
            lambda: sum(line.lstrip(" ▸")[:2].isdigit() for line in dashboard.lines) == 1, "one is left"
        )
        await dashboard.press("enter")
        await dashboard.until(lambda: "line 1 of" in flat(dashboard), "why")


def _named(name: str) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == name]


async def test_without_the_right_to_read_it_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        await ended(dashboard, stage)
        await ended(dashboard, stage)
        await dashboard.press("f9")
        await dashboard.until(lambda: isinstance(dashboard.app.screen, RunsScreen), "the list")
        monkeypatch.setattr(Path, "iterdir", forbidden)
        monkeypatch.setattr(Path, "is_dir", forbidden)
        told = "runs cannot be read: Permission denied"
        await dashboard.press("enter")
        await dashboard.until(lambda: told in flat(dashboard), "one of them")
        await dashboard.press("escape")
        await dashboard.until(lambda: told in flat(dashboard), "the list")
        dashboard.app.say_briefly(None)
        await dashboard.press("escape", "f9")
        await dashboard.until(lambda: "the runs cannot be read" in dashboard.lines[1], "from the dashboard")
        assert not isinstance(dashboard.app.screen, RunsScreen)
