"""The words after `medflow-tui lab`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

USAGE = 3


class Parser(argparse.ArgumentParser):
    """Ends with 3 for a usage error, because 2 means critical to who calls us."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def parse(arguments: list[str]) -> argparse.Namespace:
    """`dir` (Path or None), `headless`, `pulse`, `rows`, `still`, `order` (None or a word), `fault`, `names`, `into`."""
    parser = Parser(prog="medflow-tui lab", description="A clinic in a box: real servers, invented data.")
    parser.add_argument("--dir", type=Path, help="folder of the lab (default: a new temporary one)")
    parser.add_argument(
        "--headless", action="store_true", help="no dashboard; one line of JSON when all is up"
    )
    parser.add_argument("--pulse", action="store_true", help="20 figures change every second, for measuring")
    parser.add_argument(
        "--rows", type=int, default=20, help="rows of --pulse (20, or more for one long list)"
    )
    parser.add_argument("--still", action="store_true", help="nothing changes, for measuring")
    parser.add_argument("--lifeline", action="store_true", help=argparse.SUPPRESS)
    orders = parser.add_subparsers(
        dest="order", metavar="{break,mend,list,scenes,screenshots}", parser_class=Parser
    )
    folder = Parser(add_help=False)
    folder.add_argument("--dir", type=Path, default=argparse.SUPPRESS, help="when more than one lab runs")
    orders.add_parser("break", parents=[folder], help="make a fault").add_argument("fault")
    orders.add_parser("mend", parents=[folder], help="mend a fault, or all").add_argument("fault")
    orders.add_parser("list", parents=[folder], help="list the faults")
    scenes = orders.add_parser("scenes", help="for developers: record the scenes of the pictures anew")
    scenes.add_argument("names", nargs="*", help="which (default: all)")
    pictures = orders.add_parser("screenshots", help="for developers: draw the pictures of the README")
    pictures.add_argument("into", type=Path, nargs="?", default=Path("screenshots"), help="a folder")
    options = parser.parse_args(arguments)
    if options.rows < 20:
        parser.error("--rows starts at 20")
    if options.dir is not None:
        options.dir = options.dir.expanduser().resolve()
    return options
