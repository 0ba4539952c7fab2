"""The rows of the table, by subject."""

from __future__ import annotations

from tests.bench.figures import Row
from tests.bench.rows import clients, engine, flood, flow, keys, log, low, many, runs, start, thin

ROWS: tuple[Row, ...] = (
    *start.ROWS,
    *flow.ROWS,
    *keys.ROWS,
    *thin.ROWS,
    *low.ROWS,
    *log.ROWS,
    *flood.ROWS,
    *clients.ROWS,
    *many.ROWS,
    *engine.ROWS,
    *runs.ROWS,
)
