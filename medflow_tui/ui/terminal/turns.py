"""Keys one after another: on a slow line many arrive at once, and each is meant for what the one before has opened."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual.events import Event
from textual.message_pump import MessagePump

PATIENCE_S = 0.1  # for a widget that is on its way out and does not answer
ROUNDS = 8  # a key that sets off more than that is not waited for


class Turns:
    """`take` gives an event to `forward`, or keeps it until what the one before has set off is done; all until `open`.

    Textual gives a key to the focused widget, and looks for its binding only when it has bubbled up: meanwhile it
    takes the next one, which then lands where the focus was before. One that comes before the first paint
    would lay its screen over a dashboard that then never begins.
    """

    def __init__(self, app: Any, forward: Callable[[Event], Awaitable[None]]) -> None:
        self._app, self._forward = app, forward
        self._waiting: deque[Event] = deque()
        self._turning: asyncio.Task[None] | None = None
        self._is_unanswered = self._is_open = False

    def open(self) -> None:
        """There is a screen now: what was typed before is meant for it."""
        self._is_open = True
        if self._waiting:
            self._turning = asyncio.create_task(self._turn())

    @property
    def is_busy(self) -> bool:
        """Whether a key has come whose turn is not over."""
        return self._is_turning or bool(self._waiting)

    @property
    def _is_turning(self) -> bool:
        return self._turning is not None and not self._turning.done()

    def is_answered_by_paint(self) -> bool:
        """Whether what is painted now answers a key: all until it has set off everything, and the next one."""
        answers, self._is_unanswered = self._is_unanswered, self._is_unanswered and self._is_turning
        return answers

    async def take(self, event: Event) -> None:
        """In its turn; at once when nothing is under way."""
        self._is_unanswered = True
        if self._is_turning or not self._is_open:
            self._waiting.append(event)
            return
        await self._forward(event)
        self._turning = asyncio.create_task(self._turn())

    async def _turn(self) -> None:
        try:
            await self._settled()
            while self._waiting:
                await self._forward(self._waiting.popleft())
                await self._settled()
        except Exception as error:  # as if the application had taken the key itself
            self._app._handle_exception(error)

    async def _settled(self) -> None:
        """Until every widget from the focused one up to the application has dealt with what it had, twice at least."""
        before: tuple[object, ...] = ()
        for _ in range(ROUNDS):
            chain = self._chain()
            for each in chain:
                await _dealt_with(each)
            if before and before == chain == self._chain():
                return
            before = chain

    def _chain(self) -> tuple[MessagePump, ...]:
        stack = self._app.screen_stack
        if not stack:
            return (self._app,)
        return tuple((stack[-1].focused or stack[-1]).ancestors_with_self)


async def _dealt_with(node: MessagePump) -> None:
    done = asyncio.Event()
    if node.call_later(done.set):
        try:
            await asyncio.wait_for(done.wait(), PATIENCE_S)
        except TimeoutError:
            return
