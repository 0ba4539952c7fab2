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


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder: Path = tmp_path_factory.mktemp("first-paint")
    return modules_at_first_paint(folder)


def test_no_service_client_is_imported_before_the_first_paint(loaded: set[str]) -> None:
    assert "textual.app" in loaded
    assert {each.partition(".")[0] for each in loaded} & set(CLIENTS) == set()


@pytest.mark.parametrize("package", LATER)
def test_what_is_needed_later_is_imported_later(loaded: set[str], package: str) -> None:
    assert "medflow_tui.ui.screens.dashboard" in loaded
    assert {each for each in loaded if each == package or each.startswith(f"{package}.")} == set()
