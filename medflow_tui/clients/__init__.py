"""How to reach a service: credentials, deadlines, identity. The only code that opens connections."""
