"""What is hidden in a line and how it is recognised: one file per sort of thing; `rules/redaction.py` puts them in order."""
