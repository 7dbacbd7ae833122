"""Answers: the operations, and the door that carries them."""
