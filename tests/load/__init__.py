"""Many messages to many sessions while the supervisor is killed: ``python -m tests.load``."""
