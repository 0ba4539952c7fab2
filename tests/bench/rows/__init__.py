"""The rows of the table, by subject."""

from __future__ import annotations

from tests.bench.figures import Row
from tests.bench.rows import clients, flood, flow, keys, log, low, many, start, thin

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
)
