"""One look at a target as a reading: values, or a failure in words; what every simple probe does around its own look."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause, Failure, Reading
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase

Look = Callable[[Deadline], tuple[dict[str, Any], float]]


def one_reading(target: Target, tools: Tools, how: Phrase, look: Look, deadline_s: float) -> Reading:
    """The reading of `look`, which answers values and the latency in milliseconds.

    UnreachableError becomes its failure, a credential that cannot be read a denied one; `observed_at` is the end.
    """
    values: dict[str, Any] = {}
    latency, failure = None, None
    try:
        values, latency = look(Deadline.after(deadline_s))
    except UnreachableError as error:
        failure = error.failure
    except SecretError as error:
        failure = Failure(cause=Cause.DENIED, text=error.phrase)
    return Reading(
        target=target.name,
        kind=target.kind,
        observed_at=tools.now(),
        how=how,
        values=MappingProxyType(values),
        latency_ms=latency,
        failure=failure,
    )
