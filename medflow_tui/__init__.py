"""medflow_tui: see what is wrong with a clinic's servers, and put it right, safely."""

__version__ = "0.1.0"
