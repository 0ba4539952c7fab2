"""What is loaded when the first full frame leaves, of a site that needs every client: the real program on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.witness import CLIENTS, modules_at_first_paint

LATER = (
    "medflow_tui.playbooks.load",
    "medflow_tui.probes",
    "medflow_tui.rules.judging",
    "medflow_tui.rules.redaction",
    "medflow_tui.runner.process",
    "medflow_tui.ui.screens.plan",
)


OURS = [
    "cli",
    "cli.dashboard",
    "cli.speech",
    "cli.straight",
    "clients",
    "clients.tools",
    "config",
    "config.load",
    "config.locations",
    "config.place",
    "config.schema",
    "config.values",
    "journal",
    "journal.database",
    "journal.desk",
    "journal.history",
    "journal.history_rows",
    "journal.lock",
    "journal.phrases",
    "journal.private",
    "journal.small_file",
    "journal.views",
    "locale",
    "locale.language",
    "model",
    "monitor",
    "monitor.attached",
    "monitor.connection",
    "monitor.knowledge",
    "monitor.reading",
    "monitor.wire",
    "rules",
    "rules.alerts",
    "rules.cleaning",
    "rules.cost",
    "rules.distinct",
    "rules.handover",
    "rules.meter",
    "rules.notices",
    "rules.thrift",
    "ui",
    "ui.command",
    "ui.commands",
    "ui.commands_of_incidents",
    "ui.commands_of_lists",
    "ui.commands_of_runs",
    "ui.ink",
    "ui.keymap",
    "ui.keys",
    "ui.opening",
    "ui.present",
    "ui.session",
    "ui.terminal",
    "ui.theme",
    "wiring",
    "wiring.collecting",
    "wiring.screen",
]
ROOMS = ("model.", "ui.present.", "ui.terminal.")  # all of them pure, or a terminal's


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    folder: Path = tmp_path_factory.mktemp("first-paint")
    return modules_at_first_paint(folder)


@pytest.fixture(scope="module")
def loaded(moments: tuple[set[str], set[str]]) -> set[str]:
    return moments[1]


def test_the_first_drawing_leaves_before_textual_rich_and_asyncio_are_imported(
    moments: tuple[set[str], set[str]],
) -> None:
    drawn, _ = moments
    assert "medflow_tui.ui.opening" in drawn
    assert {each.partition(".")[0] for each in drawn} & {
        "textual",
        "rich",
        "asyncio",
        "argparse",
        *CLIENTS,
    } == set()


def test_before_the_first_drawing_nothing_else_of_ours_is_imported_than_what_is_listed(
    moments: tuple[set[str], set[str]],
) -> None:
    drawn, _ = moments
    ours = {each.removeprefix("medflow_tui.") for each in drawn if each.startswith("medflow_tui.")}
    assert {each for each in ours if not each.startswith(ROOMS)} - set(OURS) == set()


def test_no_service_client_is_imported_before_the_first_paint(loaded: set[str]) -> None:
    assert "textual.app" in loaded
    assert {each.partition(".")[0] for each in loaded} & set(CLIENTS) == set()


@pytest.mark.parametrize("package", LATER)
def test_what_is_needed_later_is_imported_later(loaded: set[str], package: str) -> None:
    assert "medflow_tui.ui.screens.dashboard" in loaded
    assert {each for each in loaded if each == package or each.startswith(f"{package}.")} == set()
