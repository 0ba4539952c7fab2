"""Lines that can be longer than the screen: a page of a text with a position."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.ui.widgets.lines import Lines, Spans

TURN = 5  # lines that come at once when a step leads out of sight; the steps between move only the mark


class Page(Lines, can_focus=True):
    """`put` the whole text; `move` and `walk` scroll; what is visible is sent, nothing else."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._whole: list[Spans] = []
        self.top = 0
        self._at, self._forward = 0, True
        self._marked: int | None = None
        self._mark = ("", "")

    def put(self, lines: Sequence[Spans]) -> None:
        """The whole text; the position is kept where it still exists."""
        self._whole = list(lines)
        self._settle()

    def rewind(self) -> None:
        """Another text is to come, which begins at its first line; nothing is drawn before."""
        self.top, self._marked = 0, None

    def move(self, steps: int) -> None:
        """Scroll by lines; stays within the text."""
        self.top += steps
        self._marked = None
        self._settle()

    def walk(self, steps: int, mark: tuple[str, str]) -> None:
        """Read on by lines: the mark goes to the line that is next; lines out of sight come `TURN` at once.

        `mark` is the text (one cell) and the token that stand before that line. A text that fits stays as it is.
        """
        if not self._most:
            return
        is_forward = steps > 0
        begins = self._at if self._marked is not None and is_forward == self._forward else self.top
        self._at, self._forward, self._mark = max(0, min(begins + steps, self._most)), is_forward, mark
        self._marked = self._at + (self._height - 1 if is_forward else 0)
        self.reveal(self._marked)

    def reveal(self, line: int) -> None:
        """Have a line in sight, and with it some that follow."""
        above, below = self.top - line, line - self.top - self._height + 1
        self.top += max(below, TURN) if below > 0 else -max(above, TURN) if above > 0 else 0
        self._settle()

    @property
    def _height(self) -> int:
        return max(1, self.size.height)

    @property
    def _most(self) -> int:
        """The first line that is seen where the text ends."""
        return max(0, len(self._whole) - self._height)

    def _settle(self) -> None:
        self.top = max(0, min(self.top, self._most))
        self._marked = self._marked if self._most else None
        seen = self._whole[self.top : self.top + self._height]
        if self._marked is not None and 0 <= self._marked - self.top < len(seen):
            seen[self._marked - self.top] = _with_mark(seen[self._marked - self.top], self._mark)
        self.show(seen)

    @property
    def whole_texts(self) -> list[str]:
        """The whole text, without styles."""
        return ["".join(text for text, _ in each) for each in self._whole]

    @property
    def below(self) -> int:
        """How many lines are not seen yet."""
        return max(0, len(self._whole) - self.top - self._height)

    def on_resize(self) -> None:
        """Another height shows another part."""
        self._settle()
        self.refresh()


def _with_mark(line: Spans, mark: tuple[str, str]) -> Spans:
    """In place of the blank that a line begins with; a line without one is left as it is.

    >>> _with_mark([(" a", "quiet"), ("b", "")], (">", "")), _with_mark([("ab", "")], (">", "")), _with_mark((), (">", ""))
    ([('>', ''), ('a', 'quiet'), ('b', '')], [('ab', '')], [('>', '')])
    """
    if not line:
        return [mark]
    (text, token), *rest = line
    return [mark, (text[1:], token), *rest] if text.startswith(" ") else line
