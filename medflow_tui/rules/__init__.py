"""What we conclude: pure functions, no clock, no input or output."""
