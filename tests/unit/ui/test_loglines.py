"""A line of the log as a row, and the errors of the last hour."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from medflow_tui.locale.language import Language
from medflow_tui.model.log import Level, LogLine
from medflow_tui.model.site import Site
from medflow_tui.model.targets.log import LogTarget
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.present.line import width
from medflow_tui.ui.present.loglines import error_row, file_names, log_row
from medflow_tui.ui.present.rows import Look

NOW = datetime(2026, 1, 15, 14, 32, tzinfo=UTC)
LOOK = Look(language=Language("en"), glyphs=UNICODE, now=NOW)
LINE = LogLine(
    at=NOW, level=Level.ERROR, source="BackupScheduler", text="giving up", origin="app/all", count=38
)


def text(cells: int, *, several: bool) -> str:
    return "".join(each.text for each in log_row(LINE, cells, LOOK, several=several))


@pytest.mark.parametrize("several", [True, False])
@pytest.mark.parametrize("cells", [40, 80, 160])
def test_a_line_has_exactly_its_width(cells: int, several: bool) -> None:
    assert width(text(cells, several=several)) == cells


def test_a_wide_line_names_its_file_and_the_whole_source() -> None:
    assert "BackupS… giving up" in text(80, several=True)
    assert "app/all" not in text(80, several=True)
    assert "BackupScheduler  giving up" in text(160, several=True)
    assert text(160, several=True).endswith("  app/all                  ×38")


def test_errors_are_columns_against_the_worst_minute() -> None:
    row = error_row((0, 0, 38, 1), 160, LOOK)
    assert [(each.text, each.style) for each in row[1:]] == [
        ("▁▁", "quiet"),
        ("█▂", "bad"),
        ("  up to 38 a minute", "quiet"),
    ]
    assert row[0].text.strip() == "errors in 4 min: 39"


def test_without_errors_nothing_is_bright() -> None:
    (only,) = error_row((0,) * 60, 160, LOOK)
    assert (only.text.strip(), only.style) == ("errors in 60 min: 0", "quiet")


def test_files_are_named_so_that_each_is_known() -> None:
    one = LogTarget(name="api", label="API", paths=("/srv/api.log",))
    two = LogTarget(name="log", paths=("/srv/backend/all.log", "/srv/front/all.log"))
    site = Site(code="X", name="X", environment="lab", targets=(one, two))
    assert file_names(site) == ("API", "backend/all", "front/all")
