"""The parts of the audit: its files, its reserve of space, its anchors elsewhere, who acts, and what can be recorded."""
