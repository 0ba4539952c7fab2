"""What lies in the shares of the invented devices: a few fresh files with invented names."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from medflow_tui.lab.layout import Layout
from medflow_tui.lab.people import DEVICES

FILES = 3


def write_shares(layout: Layout, now: datetime) -> None:
    """A folder for each share, the newest file some minutes old."""
    for device in DEVICES:
        if not device.share:
            continue
        folder = layout.share(device.share)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, FILES + 1):
            at = now - timedelta(minutes=12 * number)
            path = folder / f"SPECIMEN_FICTIF_P9{number:04}_{at:%Y%m%d_%H%M%S}_OD.jpg"
            path.write_bytes(b"\xff\xd8\xff\xe0 invented picture \xff\xd9")
            os.utime(path, (at.timestamp(), at.timestamp()))
