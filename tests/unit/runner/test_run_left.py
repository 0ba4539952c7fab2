"""Behind the last line of a run its process only waits for the anchor: it holds nothing, and obeys nobody."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from medflow_tui.journal.append_log import read_lines
from medflow_tui.journal.auditing import anchors
from medflow_tui.journal.auditing.anchors import Anchors, read_anchors
from medflow_tui.journal.run_log import Journal, create
from medflow_tui.model.audit import BARE
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Act, Mark, Move, Phase
from medflow_tui.runner.agreeing import Agreeing
from medflow_tui.runner.channel import SOCKET, speak
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.process import Assembly, Order, carry_out
from medflow_tui.runner.runner import Runner
from medflow_tui.runner.surroundings import AUDIT, lock_of
from medflow_tui.runner.wishes import Peer, Wish
from tests.unit.runner.stage import SITE, UNKNOWN, Stage
from tests.unit.runner.test_runner import on_mains, until, without

__all__ = ["on_mains"]


class Process:
    """The process of one run, in a thread; a place of anchors hangs until the `door` is opened."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.door = threading.Event()
        monkeypatch.setattr(anchors, "WITHIN_S", 30.0)
        monkeypatch.setattr(Anchors, "_send", lambda *_: self.door.wait(30))
        monkeypatch.setattr(Agreeing, "count", lambda _: 1)
        now = datetime.now(UTC)
        hour = (now.astimezone(ZoneInfo(SITE.timezone)).hour + 12) % 24
        keeping = replace(BARE, anchors=("elsewhere.jsonl",))
        site = replace(SITE, folder=str(folder), audit=keeping, opens=f"{hour:02}:00", closes=f"{hour:02}:59")
        self.stage = Stage(folder, without("agree", "settle"), site=site)
        self.stage.time = now

    def order(self) -> Order:
        stage = self.stage
        inputs = {each.id: "backup-1" for each in stage.playbook.inputs}
        stage.plan = plan = make_plan(
            stage.playbook, stage.site, stage, stage.state, now=stage.time, inputs=inputs
        )
        stage.folder = create(stage.state / "runs", plan, stage.source)
        mandate = Mandate(
            typed=plan.confirm,
            plan_hash=plan.hash,
            who="amani",
            session="one",
            reason="it is damaged",
            login_age_s=0,
        )
        return Order(folder=stage.folder.path, site_file="", state=stage.state, mandate=mandate)

    def begin(self, last: Mark) -> threading.Thread:
        """Begun, and so far that its last line stands."""
        order = self.order()
        thread = threading.Thread(target=carry_out, args=(order, self.assembled))
        thread.start()
        until(lambda: self.stage.marks(last))
        return thread

    def assembled(self, _: Order) -> Assembly:
        return Assembly(site=self.stage.site, crew=self.stage)


@pytest.mark.parametrize("last", [Mark.PAUSED, Mark.RUN_ENDED], ids=["paused", "over"])
def test_who_waits_for_an_anchor_holds_nothing_obeys_nobody_and_lives_until_it_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: Mark
) -> None:
    process = Process(tmp_path, monkeypatch)
    stage, is_over = process.stage, last is Mark.RUN_ENDED
    if not is_over:
        stage.services["mongo.verify"].says["verify"] = UNKNOWN
    thread = process.begin(last)
    folder = stage.folder
    assert folder is not None
    try:
        until(lambda: not (folder.path / SOCKET).exists())
        Journal(folder).close()
        with pytest.raises(RefusedError, match="does not listen"):
            speak(folder.path, Wish(what="stop", who="amani", session="one", then="roll_back"))
        lock = lock_of(stage.state, stage.playbook)
        if is_over:
            lock.take(run="other", who="neema")
        else:
            with pytest.raises(RefusedError):
                lock.take(run="other", who="neema")
        assert thread.is_alive()
        assert stage.marks()[-1][0] is last
        assert Follower(folder).poll().state.phase is (Phase.SUCCEEDED if is_over else Phase.PAUSED)
    finally:
        process.door.set()
        thread.join(20)
    assert not thread.is_alive()
    records = len(read_lines(stage.state / AUDIT).records)
    assert read_anchors(stage.state / anchors.FILE)[-1].count == records


def test_an_order_between_the_last_line_and_the_end_of_the_channel_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path, without("agree", "settle"))
    stage.services["mongo.verify"].says["verify"] = UNKNOWN
    told, real = list[str](), Runner._pause

    def and_then_asked(self: Runner, move: Move) -> Move:
        found = real(self, move)
        for wish in ("stop", "take"):
            order = Wish(what=wish, who="amani", session="one", then="roll_back")
            told.append(self.hearing.hear(order, Peer(pid=1, uid=os.getuid())).text)
        assert not self.hearing.hear(Wish(what="look", who="", session=""), Peer(pid=1, uid=os.getuid()))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, "_pause", and_then_asked)
        stage.start()
    assert told == ["the run does not listen: it is over, waits, or was interrupted"] * 2
    assert stage.marks()[-1][0] is Mark.PAUSED
    stage.services["mongo.verify"].says.clear()
    assert stage.go_on(stop="roll_back").act is Act.FINISH
