"""Touches tmux, by one door: ``Tmux`` in ``server``. The files beside it are what it needs."""

from tmuxclaude.edges.tmux.call import ServerGone, Silent, check_socket, resolve_socket, sockets
from tmuxclaude.edges.tmux.guard import Obstacle
from tmuxclaude.edges.tmux.listing import ClientFacts, Listing, PaneFacts
from tmuxclaude.edges.tmux.opening import Opened
from tmuxclaude.edges.tmux.server import Outcome, Refused, Sent, Tmux

__all__ = [
    "ClientFacts",
    "Listing",
    "Obstacle",
    "Opened",
    "Outcome",
    "PaneFacts",
    "Refused",
    "Sent",
    "ServerGone",
    "Silent",
    "Tmux",
    "check_socket",
    "resolve_socket",
    "sockets",
]
