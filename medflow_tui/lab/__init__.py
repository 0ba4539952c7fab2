"""A clinic in a box: embedded servers, invented data, and faults on demand."""
