"""The rows of the table, by subject."""

from __future__ import annotations

from tests.bench.figures import Row
from tests.bench.rows import clients, flow, keys, log, many, start

ROWS: tuple[Row, ...] = (*start.ROWS, *flow.ROWS, *keys.ROWS, *log.ROWS, *clients.ROWS, *many.ROWS)
