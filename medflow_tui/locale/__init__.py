"""The languages people read: English is the source, French is complete."""
