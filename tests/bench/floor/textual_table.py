"""A table of Textual as it comes: `textual_table.py ROWS still|pulse`; 20 cells change each second, q ends it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer

sys.path.insert(0, str(Path(__file__).parents[3]))

from medflow_tui.lab.pulse import CHANGING, ITEMS, Walk

COLUMNS = ("name", "state", "value", "seen")


class Table(App[None]):
    """Shows one table."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "Quit")]

    def __init__(self, rows: int, *, is_live: bool) -> None:
        super().__init__()
        self._rows, self._is_live, self._walk = rows, is_live, Walk()

    def compose(self) -> ComposeResult:
        table: DataTable[str] = DataTable(cursor_type="row")
        for each in COLUMNS:
            table.add_column(each, key=each, width=12)
        for place in range(self._rows):
            value = self._walk.numbers[place] if place < CHANGING else 1000 + place
            table.add_row(f"{ITEMS[place % 5]} {place:03}", "● ok", f"{value:,}", "09:00", key=str(place))
        yield table
        yield Footer()

    def on_mount(self) -> None:
        if self._is_live:
            self.set_interval(1.0, self._step)

    def _step(self) -> None:
        self._walk.step()
        table = self.query_one(DataTable)
        for place, number in enumerate(self._walk.numbers):
            table.update_cell(str(place), "value", f"{number:,}")


if __name__ == "__main__":
    Table(int(sys.argv[1]), is_live=sys.argv[2] == "pulse").run(mouse=False)
