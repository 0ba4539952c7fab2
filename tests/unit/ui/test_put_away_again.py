"""A run that was put away and gone on with since is told of again when it waits once more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from medflow_tui.journal.desk import Desk
from medflow_tui.model.procedure import Act
from medflow_tui.rules.reasons import put_away
from medflow_tui.ui.finding import Finding
from tests.unit.runner.stage import Stage
from tests.unit.runner.test_runner import on_mains, without

__all__ = ["on_mains"]


def is_put_away(stage: Stage, desk: Desk) -> bool:
    session = SimpleNamespace(desk=desk, now=lambda: datetime.now(UTC))
    return Finding(cast(Any, SimpleNamespace(session=session)))._is_put_away(stage.stand())


def test_put_away_holds_until_somebody_goes_on_with_it(tmp_path: Path) -> None:
    stage, desk = Stage(tmp_path, without("agree", "settle")), Desk(tmp_path)
    stage.services["mongo.load"].before["carry_out"] = lambda task: stage.stopping.ask()
    assert stage.start().act is Act.PAUSE
    assert not is_put_away(stage, desk)
    assert stage.folder is not None
    desk.acknowledge(
        put_away(stage.folder.run, who="amani", why="mended by hand with the vendor", now=datetime.now(UTC))
    )
    assert is_put_away(stage, desk)
    assert stage.go_on().act is Act.PAUSE
    assert not is_put_away(stage, desk)
