"""Half a minute of walking about in the dashboard; `python -m tests.bench soak` does it for hours."""

from __future__ import annotations

from tests.bench.soak import MIB, soak

SECONDS = 30.0
MOST_GROWTH = 4 * MIB  # caches still fill in the first minutes; what leaks with each key or each news is more


def test_half_a_minute_of_keys_screens_and_sizes_leaves_it_as_it_was() -> None:
    found = soak(SECONDS, pause_s=0.03)
    assert found.keys > 100
    assert found.sizes > 5
    assert found.growth < MOST_GROWTH, found.looks
    assert max(found.threads) <= found.threads[0] + 2
    assert max(found.files) <= found.files[0] + 2
