"""The meter reads what the driver counts, and knows when nobody does."""

from __future__ import annotations

from types import SimpleNamespace

from medflow_tui.ui.terminal.meter import written_by


def test_a_driver_that_counts_is_believed_its_writer_next_and_any_other_is_unknown() -> None:
    writer = SimpleNamespace(written=7)
    for driver, expected in (
        (SimpleNamespace(written=9, _writer_thread=writer), 9),
        (SimpleNamespace(_writer_thread=writer), 7),
        (SimpleNamespace(_writer_thread=None), None),
        (None, None),
    ):
        assert written_by(SimpleNamespace(_driver=driver)) == expected
