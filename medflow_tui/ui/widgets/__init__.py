"""Widgets that know nothing of medflow."""
