"""What contract tests of probes give a probe besides its target."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import SecretError
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say


class Unlimited:
    """A budget that lets every call through."""

    def take(self, host: str, limit: int, window_s: float, now: datetime) -> datetime | None:
        return None

    def forbid(self, host: str, until: datetime, now: datetime | None = None) -> None:
        return None

    def used(self, host: str, window_s: float, now: datetime) -> int:
        return 0

    def notices(self) -> tuple[Phrase, ...]:
        return ()


def keeper(secrets: Mapping[str, str]) -> Callable[[str], str]:
    """Turns a reference into its secret, or raises SecretError as the real one does."""

    def secret(reference: str) -> str:
        if reference not in secrets:
            raise SecretError(say("no secret {name}", name=reference))
        return secrets[reference]

    return secret


def tools(state: Path, **secrets: str) -> Tools:
    """Tools of a lab site; `secrets` by variable name, referred to as `env:NAME`."""
    known = {f"env:{name}": value for name, value in secrets.items()}
    return Tools(
        site=Site(code="LAB", name="Lab", environment="lab"),
        secret=keeper(known),
        budget=Unlimited(),
        state=state,
    )


@contextmanager
def never_accepting() -> Iterator[int]:
    """A port that is connected to by the system and whose server never looks: silent for ever."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield int(listener.getsockname()[1])
