"""What we wrote down: history, audit, runs, the program's own log."""
