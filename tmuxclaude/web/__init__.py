"""HTTP on the loopback: a process of its own, and a client of the supervisor like any other."""
