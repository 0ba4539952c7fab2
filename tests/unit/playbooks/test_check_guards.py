"""The playbooks that look and hand over."""

from __future__ import annotations

import pytest

from medflow_tui.model.playbook import Effect, StepKind
from medflow_tui.playbooks.load import load, shipped

CHECKS = ("payments", "data-isolation", "daily-backup-check", "stale-share", "clinic-connectivity")


@pytest.mark.parametrize("name", CHECKS)
def test_a_playbook_that_looks_changes_nothing_and_asks_a_person(name: str) -> None:
    playbook = load(shipped() / f"{name}.toml")
    assert playbook.risk == "R0"
    assert {each.effect for each in playbook.steps} == {Effect.READ}
    assert [each.kind for each in playbook.steps] == [StepKind.ACTION, StepKind.DECISION, StepKind.ACTION]
    assert [each.id for each in playbook.steps[1].choices] == ["told", "mended", "clear", "nobody"]
