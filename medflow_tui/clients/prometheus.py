"""What /metrics says: the Prometheus text format, and the few families of the backend that are true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_LINE = re.compile(r"^(?P<name>[A-Za-z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+-?\d+)?\s*$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
LONGEST_LINE = 4096  # a longer one is no sample, and would keep the patterns busy for hours
LARGEST = 1e15
_OWN_LOOKS = frozenset({"/health", "/ready", "/live", "/startup", "/detailed", "/dependencies", "/metrics"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Counters since the process started (`started` in seconds since 1970, 0 when not told; `memory` in bytes).

    Requests to the health paths are left out: /health/detailed of a backend in order answers 503 for ever, so
    that whoever looks would be counted as a failure.
    """

    started: float
    memory: int
    requests: int
    failed: int


def samples(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Every sample as (name, labels, value); lines that are none are passed over.

    >>> list(samples('up{a="b"} 1'))
    [('up', {'a': 'b'}, 1.0)]
    """
    for line in text.splitlines():
        if line.startswith("#") or len(line) > LONGEST_LINE:
            continue
        found = _LINE.match(line)
        if found is None:
            continue
        try:
            value = float(found["value"])
        except ValueError:
            continue
        yield found["name"], dict(_LABEL.findall(found["labels"] or "")), value


def traffic(text: str) -> Traffic | None:
    """The counters of the backend, or None when this is not its /metrics."""
    started, memory, requests, failed, is_known = 0.0, 0, 0.0, 0.0, False
    for name, labels, value in samples(text):
        if not 0 <= value <= LARGEST:
            continue
        match name:
            case "medflow_process_start_time_seconds":
                started, is_known = value, True
            case "medflow_process_resident_memory_bytes":
                memory, is_known = int(value), True
            case "medflow_http_requests_total":
                is_known = True
                route = labels.get("route", "").rstrip("/")
                if route not in _OWN_LOOKS and not route.startswith("/health/"):
                    requests += value
                    failed += value if labels.get("status_code", "").startswith("5") else 0
    if not is_known:
        return None
    return Traffic(started=started, memory=memory, requests=int(requests), failed=int(failed))
