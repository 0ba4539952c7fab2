"""Lines that can be longer than the screen: a page of a text with a position."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.ui.widgets.lines import Lines, Spans


class Page(Lines, can_focus=True):
    """`put` the whole text; `move` scrolls; what is visible is sent, nothing else."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._whole: list[Spans] = []
        self.top = 0

    def put(self, lines: Sequence[Spans]) -> None:
        """The whole text; the position is kept where it still exists."""
        self._whole = list(lines)
        self.move(0)

    def move(self, steps: int) -> None:
        """Scroll by lines; stays within the text."""
        height = max(1, self.size.height)
        self.top = max(0, min(self.top + steps, len(self._whole) - height))
        self.show(self._whole[self.top : self.top + height])

    @property
    def whole_texts(self) -> list[str]:
        """The whole text, without styles."""
        return ["".join(text for text, _ in each) for each in self._whole]

    @property
    def below(self) -> int:
        """How many lines are not seen yet."""
        return max(0, len(self._whole) - self.top - max(1, self.size.height))

    def on_resize(self) -> None:
        """Another height shows another part."""
        self.move(0)
        self.refresh()
