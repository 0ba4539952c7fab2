"""The loop with a playbook that uses everything: holds, the way back, cleaning up, answers, clocks, limits, stops."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from medflow_tui.journal.append_log import AppendLog
from medflow_tui.journal.audit import verify
from medflow_tui.model.access import Access, Person
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Task
from medflow_tui.model.procedure import Act, End, Mark, Phase, StepStand
from medflow_tui.runner import lookout
from medflow_tui.runner.channel import speak
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.wishes import Wish
from tests.unit.playbooks.books import FULL, book
from tests.unit.runner.stage import FAIL, PASS, SITE, UNKNOWN, Stage

ECHO = book(r'run = \["/usr/bin/mongosh", "--version"\]', 'run = ["/bin/echo", "5 documents"]')


def without(*steps: str, source: str = ECHO) -> str:
    """The playbook without the steps that ask people."""
    parts = source.split("\n[[step]]\n")
    return "\n[[step]]\n".join(
        [
            parts[0],
            *(each for each in parts[1:] if not any(each.startswith(f'id = "{name}"') for name in steps)),
        ]
    )


QUIET = without("agree", "settle")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    found = Stage(tmp_path, QUIET)
    found.survey_facts["power"] = "mains"
    return found


@pytest.fixture(autouse=True)
def on_mains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medflow_tui.runner.surroundings._power", lambda: {"power": "mains"})


def until(holds: Callable[[], object], within_s: float = 20.0) -> None:
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def wish(what: str, **more: object) -> Wish:
    return Wish(what=what, **{"who": "amani", "session": "one", **more})  # type: ignore[arg-type]


def test_all_goes_well_and_every_hold_is_given_back(stage: Stage) -> None:
    move = stage.start()
    assert (move.act, move.outcome) == (Act.FINISH, PASS), stage.entries[-1]
    assert stage.true == {"staging", "switched"}
    assert stage.asked["mongo.switch carry_out"] == stage.asked["service.stop carry_out"] == 1
    assert stage.stand().phase is Phase.SUCCEEDED
    assert stage.stand().holds == ()
    assert verify(stage.state / "audit.jsonl").holds


def test_arguments_have_their_values(stage: Stage) -> None:
    stage.start()
    assert stage.folder is not None
    assert stage.tasks["mongo.load carry_out"].step.args == {
        "backup": "backup-1",
        "label": f"stg-{stage.folder.run}",
    }
    assert stage.tasks["service.stop carry_out"].step.args == {"service": "backend"}


def test_what_a_program_says_is_kept_for_this_user_only(stage: Stage) -> None:
    stage.start()
    assert stage.folder is not None
    out = stage.folder.path / "sealed" / "look.out"
    assert out.read_text() == "5 documents\n"
    assert out.stat().st_mode & 0o077 == 0
    look = next(each for each in stage.entries if each.mark is Mark.VERIFIED and each.step == "look")
    assert look.facts["exit"] == 0


def test_exit_0_with_the_wrong_number_is_a_failure(stage: Stage) -> None:
    stage.services["mongo.load"].facts = {"failed_documents": 12999, "restored": 1, "exit": 0}
    move = stage.start()
    assert move.outcome is FAIL
    assert stage.marks(Mark.FAILED) == [(Mark.FAILED, "load")]
    assert stage.asked["service.stop carry_out"] == 0


def test_a_number_that_is_not_told_is_not_known_and_is_cleaned_up_and_tried_once_more(stage: Stage) -> None:
    stage.services["mongo.load"].facts = {"restored": 5}
    move = stage.start()
    assert move.act is Act.PAUSE
    assert stage.asked["mongo.load carry_out"] == 2
    assert stage.asked["mongo.drop_staging carry_out"] == 1
    assert (Mark.CLEANED, "load") in stage.marks()


def test_a_live_check_that_fails_undoes_the_switch_and_gives_the_hold_back(stage: Stage) -> None:
    stage.services["mongo.verify"].says["verify"] = FAIL
    move = stage.start()
    assert (move.end, move.outcome) == (End.ROLLED_BACK, FAIL)
    assert "switched" not in stage.true
    assert "stopped" not in stage.true
    assert stage.tasks["mongo.switch_back carry_out"].step.args["keep"] is True
    assert stage.asked["mongo.switch_back reconcile"] == 1
    state = stage.stand()
    assert state.phase is Phase.ROLLED_BACK
    assert state.steps[2].stand is StepStand.UNDONE
    assert state.holds == ()


def test_an_undo_of_which_nobody_knows_calls_the_role(stage: Stage) -> None:
    stage.services["mongo.verify"].says["verify"] = FAIL
    stage.services["mongo.switch_back"].says["reconcile"] = UNKNOWN
    move = stage.start()
    assert (move.act, move.call) == (Act.PAUSE, "dba")
    assert stage.asked["mongo.switch_back carry_out"] == 0
    assert stage.stand().phase is Phase.ROLLBACK_BLOCKED
    assert stage.stand().call == "dba"
    assert stage.true >= {"switched", "stopped"}
    del stage.services["mongo.switch_back"].says["reconcile"]
    assert stage.go_on().end is End.ROLLED_BACK
    assert "switched" not in stage.true


def test_a_blocked_way_back_can_be_left_and_the_hold_is_given_back_only_when_a_person_says_so(
    stage: Stage,
) -> None:
    stage.services["mongo.verify"].says["verify"] = FAIL
    stage.services["mongo.switch_back"].says["carry_out"] = FAIL
    stage.start()
    move = stage.go_on(stop="leave")
    assert move.act is Act.PAUSE
    while move.act is Act.PAUSE and not move.asks_release:
        move = stage.go_on(stop="leave")
    assert move.asks_release
    assert "stopped" in stage.true
    assert stage.go_on().end is End.STOPPED
    assert "stopped" not in stage.true
    assert stage.stand().phase is Phase.STOPPED


def test_an_application_started_by_hand_stops_the_next_step_and_is_stopped_again_when_a_person_goes_on(
    stage: Stage,
) -> None:
    stage.services["service.stop"].before["verify"] = lambda task: None
    real = stage.services["service.is_stopped"].is_done
    seen: list[int] = []

    def once_started_by_hand() -> bool:
        seen.append(1)
        if len(seen) == 2:
            stage.true.discard("stopped")
        assert real is not None
        return real()

    stage.services["service.is_stopped"].is_done = once_started_by_hand
    move = stage.start()
    assert move.act is Act.PAUSE
    assert stage.asked["mongo.switch carry_out"] == 0
    assert (Mark.HOLD_LOST, "switch") in stage.marks()
    stage.services["service.is_stopped"].is_done = real
    assert stage.go_on().outcome is PASS
    assert stage.asked["service.stop carry_out"] == 2


def test_a_hold_whose_probe_does_not_answer_is_not_held(stage: Stage) -> None:
    asked: list[int] = []

    def unplugged_later(task: Task) -> None:
        asked.append(1)
        if len(asked) == 2:
            stage.services["service.is_stopped"].says["verify"] = UNKNOWN

    stage.services["service.is_stopped"].before["verify"] = unplugged_later
    assert stage.start().act is Act.PAUSE
    assert stage.asked["mongo.switch carry_out"] == 0


def test_a_hold_lost_in_the_middle_of_a_step_is_seen_and_the_run_pauses_after_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "PROBE_EVERY_S", 0.05)
    monkeypatch.setattr(lookout, "TICK_S", 0.01)
    told: list[str] = []

    def lose(task: Task) -> None:
        stage.true.discard("stopped")
        until(lambda: (Mark.HOLD_LOST, "switch") in stage.marks())
        told.append(task.halted())

    stage.services["mongo.switch"].before["carry_out"] = lose
    assert stage.start().act is Act.PAUSE
    assert stage.asked["mongo.switch carry_out"] == 1
    assert stage.marks()[-2:] == [(Mark.CARRIED_OUT, "switch"), (Mark.PAUSED, "")]
    assert told == [""], "a step of class R4 is never told to end"
    assert stage.go_on().outcome is PASS
    assert stage.asked["mongo.switch carry_out"] == 1


def test_the_clocks_tell_and_class_r4_is_never_ended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TICK_S", 0.01), ("GRACE_S", 0.0)):
        monkeypatch.setattr(lookout, name, value)
    halted: list[str] = []

    def stand_still(task: Task) -> None:
        until(lambda: [each for each in stage.entries if each.facts.get("clock") == "total"])
        halted.append(task.halted())

    stage.run_with = quick(stage)
    stage.services["mongo.load"].before["carry_out"] = stand_still
    assert stage.start().outcome is PASS
    clocks = [str(each.facts["clock"]) for each in stage.entries if each.mark is Mark.OVERDUE]
    assert sorted(clocks) == ["stall", "total", "warn"]
    assert halted == [""]


def test_a_step_of_a_lower_class_is_told_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TICK_S", 0.01), ("GRACE_S", 0.0)):
        monkeypatch.setattr(lookout, name, value)
    stage = Stage(tmp_path, QUIET.replace('class = "R4"', 'class = "R2"'))
    stage.run_with = quick(stage)
    halted: list[str] = []

    def long(task: Task) -> None:
        until(task.halted)
        halted.append(task.halted())

    stage.services["mongo.load"].before["carry_out"] = long
    stage.start()
    assert halted == ["timeout"]


def quick(stage: Stage):  # type: ignore[no-untyped-def]
    """The same playbook with clocks of tenths of a second, which a file cannot say."""
    from dataclasses import replace

    load = replace(stage.playbook.steps[0], stall_s=0.05, warn_s=0.1, timeout_s=0.2)  # type: ignore[arg-type]
    return replace(stage.playbook, steps=(load, *stage.playbook.steps[1:]))


def test_a_run_that_was_asked_to_stop_pauses_and_goes_on_later(stage: Stage) -> None:
    stage.services["mongo.load"].before["carry_out"] = lambda task: stage.stopping.ask()
    move = stage.start()
    assert move.act is Act.PAUSE
    assert stage.marks()[-2:] == [(Mark.VERIFIED, "load"), (Mark.PAUSED, "")]
    stage.stopping.asked = False
    assert stage.go_on().outcome is PASS
    assert stage.asked["mongo.load carry_out"] == 1


def order_in_the_middle(stage: Stage, one: Wish, name: str = "mongo.load") -> list[str]:
    said: list[str] = []

    def speak_up(task: Task) -> None:
        assert stage.folder is not None
        try:
            speak(stage.folder.path, one)
        except RefusedError as error:
            said.append(error.phrase.text)

    stage.services[name].before["carry_out"] = speak_up
    return said


@pytest.mark.parametrize(
    ("name", "then", "end"),
    [
        ("mongo.load", "leave", End.STOPPED),
        ("mongo.load", "roll_back", End.ROLLED_BACK),
        ("mongo.switch", "roll_back", End.ROLLED_BACK),
    ],
)
def test_a_person_who_stops_chooses_what_follows(stage: Stage, name: str, then: str, end: End) -> None:
    assert order_in_the_middle(stage, wish("stop", then=then), name) == []
    assert stage.start().end is end
    assert (stage.true == set()) is (then == "roll_back")


def test_stop_can_be_taken_back(stage: Stage) -> None:
    def both(task: Task) -> None:
        assert stage.folder is not None
        speak(stage.folder.path, wish("stop", then="roll_back"))
        speak(stage.folder.path, wish("go_on"))

    stage.services["mongo.load"].before["carry_out"] = both
    assert stage.start().outcome is PASS


def test_a_stop_now_that_is_taken_back_before_it_took_effect_ends_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "TICK_S", 0.05)
    stage = Stage(tmp_path, QUIET.replace('class = "R4"', 'class = "R2"'))
    wanted: list[str] = []

    def both(task: Task) -> None:
        assert stage.folder is not None
        with monkeypatch.context() as patch:
            patch.setattr(lookout.Lookout, "look", lambda lookout: None)
            speak(stage.folder.path, wish("stop", now=True))
            speak(stage.folder.path, wish("go_on"))

    def long(task: Task) -> None:
        time.sleep(0.3)
        wanted.append(task.halted())

    stage.services["mongo.load"].before["carry_out"] = both
    stage.services["mongo.switch"].before["carry_out"] = long
    assert stage.start().outcome is PASS
    assert wanted == [""]


def test_before_the_first_change_a_stop_is_a_cancel(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path, without("load", "settle", source=ECHO.replace("{load.restored}", "{plan.documents}"))
    )
    running = stage.in_background()
    waits(stage)
    assert stage.folder is not None
    speak(stage.folder.path, wish("stop", then="leave"))
    assert running.result().end is End.CANCELLED
    assert stage.stand().phase is Phase.CANCELLED
    assert stage.true == set()


def waits(stage: Stage) -> None:
    until(lambda: stage.folder is not None and (stage.folder.path / "run.sock").exists())
    until(lambda: any(each.mark is Mark.GUARDED for each in stage.entries))
    from medflow_tui.rules.procedure import next_move

    until(lambda: next_move(stage.playbook, stage.entries).act is Act.WAIT)


def test_a_checklist_waits_for_the_right_answers_of_two_people(tmp_path: Path) -> None:
    stage = Stage(tmp_path, without("settle"))
    running = stage.in_background()
    waits(stage)
    assert stage.folder is not None
    folder = stage.folder.path

    def answer(item: str, text: str, who: str = "amani", session: str = "one") -> None:
        speak(folder, Wish(what="answer", who=who, session=session, step="agree", item=item, text=text))

    with pytest.raises(RefusedError, match="not what is measured"):
        answer("item1", "MATRIX")
    answer("item1", " lab ")
    answer("item2", "5")
    assert not any(each.step == "stop_app" for each in stage.entries)
    with pytest.raises(RefusedError, match="gives the orders here"):
        answer("item2", "5", "grace", "two")
    speak(folder, Wish(what="take", who="grace", session="two"))
    answer("item2", "5", "grace", "two")
    assert running.result().outcome is PASS
    taken = next(each for each in stage.entries if each.mark is Mark.CONTROL_TAKEN)
    assert (taken.facts["before"], taken.facts["who"]) == ("amani", "grace")
    assert stage.stand().controller == "grace"
    typed = [json.dumps(dict(each.facts)) for each in stage.entries if each.mark is Mark.ANSWERED]
    assert not any("MATRIX" in each for each in typed)


def test_a_decision_goes_on_or_ends_the_run(tmp_path: Path) -> None:
    for choice, end in (("keep", End.COMPLETED), ("halt", End.STOPPED)):
        stage = Stage(tmp_path / choice, without("agree"))
        running = stage.in_background()
        waits(stage)
        assert stage.folder is not None
        with pytest.raises(RefusedError, match="none of the choices"):
            speak(stage.folder.path, wish("answer", step="settle", choice="burn"))
        speak(stage.folder.path, wish("answer", step="settle", choice=choice))
        assert running.result().end is end


@pytest.mark.parametrize(("roles", "may"), [(("admin",), False), (("admin", "dba"), True)])
def test_a_step_that_names_roles_is_answered_by_those_of_the_site_file(
    tmp_path: Path, roles: tuple[str, ...], may: bool
) -> None:
    me = name_of(os.getuid())
    people = MappingProxyType({me: Person(name=me, roles=roles)})
    source = without("agree").replace('class = "R4"', 'class = "R2"')
    stage = Stage(tmp_path, source, site=replace(SITE, access=Access(people=people)))
    running = stage.in_background()
    waits(stage)
    assert stage.folder is not None
    if not may:
        with pytest.raises(RefusedError, match="To be answered by: dba"):
            speak(stage.folder.path, wish("answer", step="settle", choice="keep"))
        speak(stage.folder.path, wish("stop", then="leave"))
    else:
        speak(stage.folder.path, wish("answer", step="settle", choice="keep"))
    assert running.result().end is (End.COMPLETED if may else End.STOPPED)


def test_nobody_who_answers_is_a_pause_not_a_wait_for_ever(tmp_path: Path) -> None:
    source = without("settle").replace('kind = "checklist"', 'kind = "checklist"\ntimeout_s = 1')
    stage = Stage(tmp_path, source)
    assert stage.start().act is Act.PAUSE
    assert stage.entries[-1].said.text == "nobody has answered"


def test_what_is_said_to_a_run_that_is_over_is_refused(stage: Stage) -> None:
    stage.start()
    assert stage.folder is not None
    with pytest.raises(RefusedError, match="does not listen"):
        speak(stage.folder.path, wish("stop"))


def test_a_wish_that_is_none_changes_nothing(stage: Stage) -> None:
    said = order_in_the_middle(stage, wish("explode"))
    assert stage.start().outcome is PASS
    assert said == ["that is no order"]


def test_another_user_is_not_heard(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from medflow_tui.runner import channel
    from medflow_tui.runner.wishes import Peer

    monkeypatch.setattr(channel, "peer_of", lambda one: Peer(pid=1, uid=54321))
    said = order_in_the_middle(stage, wish("stop", then="leave"))
    assert stage.start().outcome is PASS
    assert said == ["only the user of the run and root may speak to it"]


def test_in_opening_hours_nothing_starts_without_an_override(tmp_path: Path) -> None:
    day = Stage(tmp_path / "a", QUIET)
    day.time = day.time.replace(hour=9)
    assert day.start().outcome is FAIL
    assert day.stand().phase is Phase.REFUSED
    assert day.start(override="too short").outcome is FAIL
    assert day.start(override="the waiting room is full and nobody can see a record").outcome is PASS
    used = next(each for each in day.entries if each.mark is Mark.OVERRIDDEN)
    assert used.facts["guards"] == ("window",)
    assert "waiting room" not in (day.state / "audit.jsonl").read_text()


def test_the_third_run_in_a_day_and_one_right_after_another_are_refused(stage: Stage) -> None:
    assert stage.start().outcome is PASS
    stage.time += timedelta(minutes=10)
    assert stage.start().outcome is FAIL
    assert stage.stand().said.parts[0].text.startswith("the last run is")
    stage.time += timedelta(minutes=10)
    assert stage.start().outcome is PASS
    stage.time += timedelta(minutes=20)
    assert stage.start().outcome is FAIL
    assert "call {role}" in stage.stand().said.parts[0].text
    stage.time += timedelta(days=1)
    assert stage.start().outcome is PASS


def test_without_the_second_person_nothing_starts(stage: Stage) -> None:
    for approvals in (0, None):
        stage.approvals = approvals
        assert stage.start().outcome is FAIL
        assert stage.true == set()
    stage.survey_facts["approvals"] = 5
    assert stage.start().outcome is FAIL, "a survey cannot agree"


def test_a_guard_of_one_step_stops_the_run_before_that_step_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medflow_tui.runner.surroundings._power", lambda: {"power": "battery"})
    source = QUIET.replace(
        'id = "power"\nkind = "power"', 'id = "power"\nkind = "power"\nat = "before:switch"'
    )
    stage = Stage(tmp_path, source)
    assert stage.start().act is Act.PAUSE
    assert stage.true == {"staging", "stopped"}
    assert stage.asked["mongo.switch carry_out"] == 0


def test_class_r4_is_not_gone_on_with_by_itself(stage: Stage) -> None:
    stage.services["mongo.load"].before["carry_out"] = lambda task: stage.stopping.ask()
    stage.start()
    stage.stopping.asked = False
    assert stage.go_on(alone=True).act is Act.PAUSE
    assert stage.asked["service.stop carry_out"] == 0
    assert stage.go_on().outcome is PASS


def test_a_step_that_was_left_out_by_a_person_leaves_a_doubt(stage: Stage) -> None:
    stage.services["mongo.verify"].says["verify"] = UNKNOWN
    assert stage.start().act is Act.PAUSE
    assert stage.go_on(skip="check_live").outcome is UNKNOWN
    assert stage.stand().phase is Phase.UNCERTAIN
    assert stage.stand().steps[3].stand is StepStand.SKIPPED


def test_a_change_that_was_begun_cannot_be_left_out(stage: Stage) -> None:
    stage.services["mongo.switch"].says["verify"] = UNKNOWN
    assert stage.start().act is Act.PAUSE
    assert stage.go_on(skip="switch").act is Act.PAUSE
    assert not any(each.step == "check_live" for each in stage.entries)


def test_calls_of_the_way_back_are_in_the_plan_and_other_ones_void_it(stage: Stage) -> None:
    stage.services["mongo.load"].before["carry_out"] = lambda task: stage.stopping.ask()
    stage.start()
    assert stage.plan is not None
    assert stage.plan.further_calls["undo switch"] == ("CALL mongo.switch_back",)
    assert stage.plan.further_calls["undo stop_app"] == ("CALL service.start",)
    stage.stopping.asked = False
    stage.services["mongo.switch_back"].calls = ("CALL something else",)
    assert stage.go_on().act is Act.PAUSE
    assert stage.asked["mongo.switch carry_out"] == 0


@pytest.mark.parametrize("fails", [False, True], ids=["forward", "way back"])
def test_killed_before_and_after_every_line_one_resume_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Not a real kill (that is in tests/contracts) but every line, both sides, forward and on the way back."""
    real = AppendLog.append

    class Killed(BaseException):
        pass

    def one(name: str, at: int, after: bool) -> Stage | None:
        stage = Stage(tmp_path / name, QUIET)
        if fails:
            stage.services["mongo.verify"].says["verify"] = FAIL
        reached: list[int] = []

        def append(self: AppendLog, record: dict[str, object]) -> None:
            dies = self.path.name == "journal.jsonl" and record["seq"] == at and not reached
            if dies and not after:
                reached.append(1)
                raise Killed
            real(self, record)
            if dies:
                reached.append(1)
                raise Killed

        monkeypatch.setattr(AppendLog, "append", append)
        try:
            move = stage.start()
        except Killed:
            move = stage.go_on()
        assert (move.act, move.outcome) == (Act.FINISH, FAIL if fails else PASS), (
            at,
            after,
            stage.entries[-3:],
        )
        assert stage.asked["mongo.switch carry_out"] <= 1
        assert ("switched" in stage.true) is not fails
        assert "stopped" not in stage.true
        return stage if reached else None

    at = 0
    while one(f"{at}-before", at, False) is not None:
        assert one(f"{at}-after", at, True) is not None
        at += 1
    assert at > 20


def test_a_stop_now_ends_the_child_of_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "TICK_S", 0.01)
    sleeper = f'run = ["{sys.executable}", "-c", "import time; print(1, flush=True); time.sleep(60)"]'
    source = book(r'run = \["/usr/bin/mongosh", "--version"\]', sleeper, QUIET_SOURCE)
    stage = Stage(tmp_path, source)
    running = stage.in_background()
    until(lambda: stage.folder is not None and (stage.folder.path / "sealed" / "look.out").exists())
    assert stage.folder is not None
    speak(stage.folder.path, wish("stop", now=True))
    move = running.result()
    assert move.act is not Act.FINISH or move.outcome is not PASS
    assert stage.marks(Mark.DOUBTED) == [(Mark.DOUBTED, "look")]


QUIET_SOURCE = without("agree", "settle", source=FULL.replace('class = "R4"', 'class = "R2"'))


def test_a_program_that_cannot_be_started_is_a_failure(tmp_path: Path) -> None:
    source = book(
        r'run = \["/usr/bin/mongosh"', 'run = ["/nonexistent/tool"', without("agree", "settle", source=FULL)
    )
    stage = Stage(tmp_path, source)
    assert stage.start().outcome is FAIL
    assert "cannot be started" in stage.entries[-1].said.text or stage.marks(Mark.FAILED)


def test_a_fault_of_our_own_is_not_knowing(stage: Stage) -> None:
    def broken(task: Task) -> None:
        raise ZeroDivisionError("patient KABILA")

    stage.services["mongo.switch"].before["verify"] = broken
    assert stage.start().act is Act.PAUSE
    assert stage.folder is not None
    assert "KABILA" not in stage.folder.journal.read_text()
