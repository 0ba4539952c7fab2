"""What leaves for the terminal."""
