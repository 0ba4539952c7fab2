"""Fifteen minutes are never more, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from medflow_tui.model.performer import Login
from medflow_tui.rules.permits import ARMED_FOR
from medflow_tui.ui.rights import Rights

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "is_lowered"),
    [
        (timedelta(), False),
        (timedelta(minutes=14, seconds=59), False),
        (timedelta(minutes=15), True),
        (timedelta(hours=5), True),
        (timedelta(hours=-5), True),
        (timedelta(seconds=-1), True),
    ],
)
def test_rights_end_with_their_time_and_when_the_clock_is_set_back(
    after: timedelta, is_lowered: bool
) -> None:
    app: Any = SimpleNamespace(
        say_briefly=lambda phrase: None, dashboard=SimpleNamespace(redraw=lambda: None), screen_stack=()
    )
    rights = Rights(app)
    rights.until, rights.login, rights.reason = NOW + ARMED_FOR, Login(username="a", password="b"), "why"
    rights.expire(NOW + after)
    assert (rights.until is None, rights.login is None, rights.reason == "") == (is_lowered,) * 3
