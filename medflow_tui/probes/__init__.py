"""How we look: read-only, one file a kind of target, each with a `build(target, tools)`."""
