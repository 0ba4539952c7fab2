"""The site file, the profiles, and where everything is kept."""
