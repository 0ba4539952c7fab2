"""The pages of a plan and of a run: what stands on them, in both languages, at every width."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.locale.language import Language
from medflow_tui.model.performer import Performer, Survey
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Phase, RunState, StepStand, StepState
from medflow_tui.model.site import Contact, Site
from medflow_tui.model.words import say
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.runner.dry_run import rehearsed
from medflow_tui.runner.preview import make_plan
from medflow_tui.ui.present.columns import beside, paired
from medflow_tui.ui.present.followed import Followed
from medflow_tui.ui.present.health import ASCII, UNICODE
from medflow_tui.ui.present.line import Line, Span, width
from medflow_tui.ui.present.plan import plan_lines, plan_title
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.present.run import run_lines, run_title
from medflow_tui.ui.present.run_step import step_lines

AT = datetime(2026, 11, 23, 14, 32, tzinfo=UTC)
BOOK = load(shipped() / "device-sync-failure.toml")
SITE = Site(code="MATRIX_KIN", name="Matrix Eye Clinic Kinshasa", environment="drill")
CONTACT = Contact(role="devices", name="Chance", phone="+243 000 000 003")
FACTS = {"waiting": 14, "delayed": 0, "failed": 3, "expired": 1, "devices": 8}
WIDTHS = (40, 60, 80, 160)


class Nobody:
    """A crew that has measured something and does nothing."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    def survey(self) -> Survey:
        return self._survey

    def performer(self, action: str) -> Performer | None:
        return None


def plan(state: Path, *, operator: str = "Amani", role: str = "admin", environment: str = "drill") -> Plan:
    facts = {**FACTS, "backend.ready": True, "identity.same_queue": True, "redis.used": 41_000_000}
    survey = Survey(
        facts={
            **facts,
            "redis.maxmemory": 256_000_000,
            "redis.evicted": 0,
            "unread.jobs": 2,
            "unread.devices": "ZEISS",
        },
        targets={"backend": "http://10.0.0.1:5001", "redis": "redis://10.0.0.1:6379/0"},
        identity="backend 1",
        operator=operator,
        role=role,
    )
    return make_plan(BOOK, replace(SITE, environment=environment), Nobody(survey), state, now=AT)


def look(language: str = "en", later_s: int = 3, *, plain: bool = False) -> Look:
    glyphs = ASCII if plain else UNICODE
    return Look(language=Language(language), glyphs=glyphs, now=AT + timedelta(seconds=later_s))


def text(lines: list[Line]) -> str:
    return "\n".join("".join(each.text for each in line) for line in lines)


def flat(lines: list[Line]) -> str:
    return " ".join(text(lines).split())


def run(phase: Phase, *stands: StepStand, said: str = "") -> Followed:
    rest = [StepStand.PENDING] * (len(BOOK.steps) - len(stands))
    steps = tuple(
        StepState(id=step.id, stand=stand, said=say("seen") if stand is StepStand.DONE else say(""))
        for step, stand in zip(BOOK.steps, [*stands, *rest], strict=True)
    )
    here = next((each.id for each in steps if each.stand is not StepStand.DONE), "")
    state = RunState(
        run="20261123-143200-x", phase=phase, playbook=BOOK.id, step=here, steps=steps, changed=len(stands) > 1,
        plan_hash="7f3a91c2" * 8, said=say(said),
    )  # fmt: skip
    return Followed(state=state, playbook=BOOK, facts=FACTS)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("cells", WIDTHS)
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, language: str, cells: int) -> None:
    for operator in ("Amani", ""):
        found = plan(tmp_path, operator=operator)
        lines = [plan_title(found, SITE, look(language), cells), *plan_lines(found, look(language), cells)]
        if cells == 40:
            lines = lines[1:]
        assert max(width("".join(each.text for each in line)) for line in lines) <= cells
    for phase in Phase:
        followed = run(phase, StepStand.DONE, StepStand.STARTED, said="a guard says no")
        for draw in (run_lines, step_lines):
            lines = draw(followed, CONTACT, look(language), cells)
            assert max(width("".join(each.text for each in line)) for line in lines) <= cells
            assert "{" not in text(lines)


def test_the_steps_say_what_they_do_and_whether_there_is_a_way_back(tmp_path: Path) -> None:
    lines = text(plan_lines(plan(tmp_path), look(), 80)).split("\n")
    assert lines[1].split("  ")[-1].strip() == "changes · ends with the backend"
    assert "4 Retry 3 failed jobs changes · no way back" in " ".join(" ".join(lines).split())
    assert "Expired, so lost by it: 1." in "\n".join(lines)
    assert "  Touches, measured 3 s ago  14 waiting · 3 failed · 8 devices" in "\n".join(lines)
    assert "as Amani, role admin" in "\n".join(lines)


def test_what_does_not_hold_stands_above_what_is_touched_and_says_what_to_do(tmp_path: Path) -> None:
    shown = text(plan_lines(plan(tmp_path, role="nurse"), look(), 80))
    assert shown.index("your role is nurse") < shown.index("2 jobs would fail again") < shown.index("Touches")
    assert shown.index("Touches") < shown.index("✔ backend ready, database ok")
    assert "▲ 2 jobs would fail again" in shown
    assert "✖ your role is nurse" in shown
    assert "Log in as an administrator." in " ".join(shown.split())


def test_without_a_log_in_what_only_it_can_tell_is_brief(tmp_path: Path) -> None:
    found = plan(tmp_path, operator="", role="")
    shown = text(plan_lines(found, look(), 80))
    assert "? not logged in" in shown
    assert "MedFlow lets only administrators" not in shown
    said = Language("en").say(rehearsed(found))
    assert said.startswith("dry run: nothing was touched, only with your log-in")


def test_a_rehearsal_in_production_says_no_with_the_reason(tmp_path: Path) -> None:
    said = Language("en").say(rehearsed(plan(tmp_path, environment="production")))
    assert "it would not start, production: no backup is known to be verified" in said
    assert "the site file names nobody else who may agree" in said


@pytest.mark.parametrize(
    ("cells", "place", "end"),
    [(100, SITE.name, "plan"), (62, SITE.code, "plan"), (48, "", "plan"), (30, "", "")],
)
def test_a_headline_gives_up_the_name_then_the_code_then_the_end_never_the_environment(
    tmp_path: Path, cells: int, place: str, end: str
) -> None:
    shown = "".join(each.text for each in plan_title(plan(tmp_path), SITE, look(), cells))
    assert "DRILL" in shown
    assert place in shown
    assert (SITE.code in shown) is (place == SITE.code)
    assert ("plan " in shown) is bool(end)


def test_a_run_tells_the_step_in_hand_with_what_why_and_what_a_failure_means() -> None:
    followed = run(Phase.RUNNING, StepStand.DONE, StepStand.DONE, StepStand.STARTED)
    title = "".join(each.text for each in run_title(followed, "r", SITE, look(), 100))
    assert title.rstrip().endswith("step 3 of 5")
    shown = flat(run_lines(followed, CONTACT, look(), 80))
    for words in (
        "What happens The waiting jobs",
        "Why A worker that takes nothing",
        "If this fails The worker runs",
    ):
        assert words in shown
    assert "▸ 3 Watch the queue fall" in shown
    assert "You may close this screen" in shown
    assert "When in doubt" not in shown


@pytest.mark.parametrize("phase", [Phase.PAUSED, Phase.INTERRUPTED, Phase.UNCERTAIN, Phase.FAILED])
def test_a_run_that_stopped_says_why_whom_to_call_and_what_may_have_changed(phase: Phase) -> None:
    followed = run(phase, StepStand.DONE, StepStand.UNKNOWN, said="429 until 15:00")
    shown = flat(run_lines(followed, CONTACT, look(), 80))
    assert "429 until 15:00" in shown
    assert "What this means Jobs go on waiting" in shown
    assert "Perhaps changed: Start the worker" in shown
    assert "Not changed: Retry 3 failed jobs" in shown
    assert "Whether patients' data are as they should be is not known, because of: Start the worker" in shown
    assert "call Chance +243 000 000 003 and say: run 20261123-143200-x" in shown
    assert "You may close" not in shown
    assert "say: run 20261123-143200-x" in flat(run_lines(followed, None, look(), 80))


@pytest.mark.parametrize(
    ("phase", "told"),
    [
        (Phase.RUNNING, "are being changed or checked: Start"),
        (Phase.INTERRUPTED, "is not known, because of: Start"),
    ],
)
def test_of_a_step_that_was_cut_off_in_the_data_nothing_good_is_said(phase: Phase, told: str) -> None:
    followed = run(phase, StepStand.DONE, StepStand.STARTED)
    assert told in flat(run_lines(followed, CONTACT, look(), 80))


def test_what_was_taken_back_is_neither_changed_nor_untouched() -> None:
    shown = flat(run_lines(run(Phase.ROLLED_BACK, StepStand.DONE, StepStand.UNDONE), CONTACT, look(), 80))
    assert "were changed, and that was taken back as planned: Start the worker" in shown
    assert "Taken back: Start the worker" in shown
    assert "no step that changes data has begun" not in shown
    assert "Changed so far" not in shown


def test_what_was_read_back_is_told_apart_from_what_may_have_changed() -> None:
    followed = run(Phase.INTERRUPTED, StepStand.DONE, StepStand.DONE, StepStand.DONE, StepStand.STARTED)
    shown = flat(run_lines(followed, CONTACT, look(), 80))
    assert "Changed so far: Start the worker" in shown
    assert "Perhaps changed: Retry 3 failed jobs" in shown


def test_a_run_that_is_over_does_not_stop_after_this_step() -> None:
    for phase, told in ((Phase.RUNNING, True), (Phase.SUCCEEDED, False)):
        followed = run(phase, StepStand.DONE)
        followed = replace(followed, state=replace(followed.state, stopping=True))
        assert ("stops after this step" in flat(run_lines(followed, CONTACT, look(), 80))) is told


def test_a_run_that_changed_nothing_says_so() -> None:
    refused = run(Phase.REFUSED, said="a guard says no")
    assert "refused, nothing done, a guard says no" in flat(run_lines(refused, CONTACT, look(), 80))
    assert "Nothing was changed." in flat(run_lines(refused, CONTACT, look(), 80))
    assert "So far nothing was changed." in flat(run_lines(run(Phase.RUNNING), CONTACT, look(), 80))


def test_a_run_whose_folder_cannot_be_read_is_still_told() -> None:
    state = RunState(run="r1", phase=Phase.DAMAGED, said=say("plan.json is missing or damaged"), changed=True)
    shown = flat(run_lines(Followed(state=state), CONTACT, look(), 80))
    assert "plan.json is missing or damaged" in shown
    assert "Something may have been changed" in shown


def test_plain_terminals_get_plain_signs(tmp_path: Path) -> None:
    shown = text(plan_lines(plan(tmp_path, role="nurse"), look(plain=True), 80))
    shown += text(
        run_lines(run(Phase.RUNNING, StepStand.DONE, StepStand.STARTED), CONTACT, look(plain=True), 80)
    )
    assert not {"✔", "✖", "▲", "▸"} & set(shown)


def test_a_right_part_that_is_longer_than_the_left_goes_on_below_it() -> None:
    lines = text(beside(Span("1 "), "one", "two three four", 8, 16 + 50)).split("\n")
    assert lines == ["1 one   two three four"]
    lines = text(beside(Span("1 "), "one", "two " * 20, 40, 66)).split("\n")
    assert lines[1].startswith(" " * 40 + "two")


def test_items_too_long_for_half_a_line_stand_alone_and_nothing_is_lost() -> None:
    items = [(Span("v"), each) for each in ("a", "b " * 30, "c", "d", "e")]
    shown = text(paired(items, 80))
    assert shown.count("v ") == 5
    assert [line.count("v ") for line in shown.split("\n")] == [1, 1, 2, 1]
