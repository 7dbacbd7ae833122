"""The promises with figures: short forms as tests, long ones by ``python -m tests.reliability``."""
