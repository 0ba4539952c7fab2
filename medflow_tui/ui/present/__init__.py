"""From model to words: pure functions, without Textual."""
