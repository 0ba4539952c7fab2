"""The audit on a screen: its words in both languages at every width, and the sign-off by the code of the site."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal.audit import Audit, verify
from medflow_tui.journal.audit_reading import stand
from medflow_tui.journal.auditing import events
from medflow_tui.locale.language import Language
from medflow_tui.model.audit import Work
from medflow_tui.model.procedure import Mark
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.auditing.checkpoint import Signatures, Signed
from medflow_tui.rules.auditing.record import REASONS
from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.order import OrderPrompt
from medflow_tui.ui.present import audit as words
from medflow_tui.ui.present.line import width
from medflow_tui.ui.screens.audit import AuditScreen
from tests.contracts.test_frames import session

SITE = Site(code="LAB", name="Lab", environment="lab")
RUN = Work(run="20261123-081001-device-sync-7f3a", playbook="device-sync@1.0.0", risk="R2")
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def recorded(state: Path) -> Audit:
    state.mkdir(exist_ok=True)
    audit = Audit.of(SITE, state)
    events.override_used(audit, ("window",), "the waiting room is full", RUN)
    events.attempt_denied(audit, "window", RUN, guard="window")
    events.run_event(audit, "step.failed", RUN, step="retry", result={"stderr": "KABILA Marie"})
    events.run_event(audit, "run.done", RUN, outcome="fail")
    return audit


@pytest.mark.parametrize("code", ["en", "fr"])
@pytest.mark.parametrize("cells", [40, 80, 160])
def test_every_line_fits_and_no_patient_stands_there(tmp_path: Path, code: str, cells: int) -> None:
    audit = recorded(tmp_path)
    lines = words.audit_lines(stand(audit.path, SITE), Language(code), NOW, cells)
    text = "\n".join("".join(span.text for span in each) for each in lines)
    assert all(width("".join(span.text for span in each)) <= cells for each in lines)
    assert "KABILA" not in text
    assert ("Dérogations" if code == "fr" else "Overrides") in text


@pytest.mark.parametrize("signed", Signed)
def test_what_is_not_surely_sound_is_nowhere_shown_as_good(tmp_path: Path, signed: Signed) -> None:
    audit = recorded(tmp_path)
    found = replace(stand(audit.path, SITE), signatures=Signatures(signed=signed, n=1, why=say("a reason")))
    lines = words.audit_lines(found, Language(), NOW, 80)
    styles = {span.style for line in lines for span in line}
    assert ("ok" in styles) is (signed in (Signed.SIGNED, Signed.UNSIGNED))
    assert ("critical" in styles) is (signed is Signed.WRONG)
    assert ("unknown" in styles) is (signed is Signed.UNKNOWN)


def test_every_mark_of_a_run_and_every_reason_has_a_word() -> None:
    known = {each.value for each in Mark} - {Mark.PROGRESSED.value, Mark.REPAIRED.value}
    assert known <= set(words.EVENTS)
    assert set(REASONS) - {"audit_unwritable"} <= set(words.REASONS)


async def until(app: MedflowApp, holds: object) -> None:
    """Wait for a state, not for a time."""
    for _ in range(500):
        if holds():  # type: ignore[operator]
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


async def test_it_is_signed_by_the_code_of_the_site_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(armed, "ARM_AFTER_S", 3600.0)
    here = session(tmp_path)
    here = replace(here, site=replace(here.site, code="LAB", environment="lab"), state=tmp_path)
    audit = recorded(tmp_path)
    app = MedflowApp(here, stock_terminal=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, lambda: app.has_begun)
        screen = AuditScreen(here)
        app.push_screen(screen)
        await until(app, lambda: screen.can_sign)
        before = verify(audit.path).anchor.count
        for typed, count in (("NO", before), ("LAB", before + 1)):
            await pilot.press("s", *["y", "enter"] * 20)
            question = app.screen
            assert isinstance(question, OrderPrompt)
            question._arm()
            await pilot.press(*typed, "enter")
            await until(app, lambda count=count: verify(audit.path).anchor.count == count)
        await until(app, lambda: not screen.can_sign)
        assert verify(audit.path).records[-1]["ev"] == "audit.reviewed"


async def test_without_an_audit_it_says_so(tmp_path: Path) -> None:
    here = replace(session(tmp_path), state=tmp_path / "none")
    app = MedflowApp(here, stock_terminal=True)
    async with app.run_test(size=(80, 24)):
        screen = AuditScreen(here)
        app.push_screen(screen)
        await until(app, lambda: "no audit yet" in screen._why.text)
        assert not screen.can_sign
