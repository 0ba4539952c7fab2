"""WHO SIGNED IT: the one way to `ssh-keygen -Y`, for what is read and what is written down."""
