"""What may be asked of the supervisor, and who answers it. No socket, no tmux.

Every operation answers at once: a resume or a message becomes an attempt, whose steps the asker
follows. What changes the world outside the registry is done by others (``wants``), whom ``app``
joins in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tmuxclaude.api import wire
from tmuxclaude.api.accounts import Accounts
from tmuxclaude.api.adopting import Adopting
from tmuxclaude.api.brakes import Brakes
from tmuxclaude.api.chains import Chains
from tmuxclaude.api.checkpoints import Checkpoints
from tmuxclaude.api.ending import Ending
from tmuxclaude.api.feed import Feed
from tmuxclaude.api.joined import Joined
from tmuxclaude.api.keeping import Keeping
from tmuxclaude.api.lifetimes import Lifetimes
from tmuxclaude.api.looking import Looking
from tmuxclaude.api.messages import Messages
from tmuxclaude.api.older import Older
from tmuxclaude.api.opening import Opening
from tmuxclaude.api.registering import Registering
from tmuxclaude.api.renaming import Renaming
from tmuxclaude.api.resources import Resources
from tmuxclaude.api.resuming import Resuming
from tmuxclaude.api.sending import Sending
from tmuxclaude.api.telling import Telling

Deed: TypeAlias = Callable[[Any], wire.Answer | Feed]
DeedOfPeer: TypeAlias = Callable[[Any, int | None], wire.Answer]


class Operations:
    """The families of requests, each an object of its own, and the table of who answers what."""

    def __init__(self, joined: Joined) -> None:
        books, windows, watch, now = joined.books, joined.windows, joined.watch, joined.now
        journal, around = joined.journal, joined.around
        self._joined = joined
        registering = Registering(books, windows, watch, now, around)
        self.late = registering.late
        opening = Opening(books, windows, watch, journal, now, around, registering)
        resuming = Resuming(books, windows, watch, journal, now)
        sending = Sending(books, watch, journal)
        messages = Messages(books, watch, now)
        ending = Ending(books, windows, watch, now)
        brakes = Brakes(books, watch, now)
        renaming = Renaming(books, windows, watch, now)
        adopting = Adopting(books, joined.adopter, watch, now)
        chains = Chains(books, watch, now)
        resources = Resources(books, watch, joined.figures)
        looking = Looking(books, watch, resources)
        checkpoints = Checkpoints(books, joined.checkpointer, now)
        keeping = Keeping(books, joined.adopter, joined.leftovers, watch, now)
        telling = Telling(books, windows, watch, now, around, brakes)
        older = Older(books, opening, ending, around)
        self._deeds: dict[type[wire.Request], Deed] = {
            wire.Ping: lambda _: joined.pong(),
            wire.Reload: lambda _: wire.Reloaded(changed=joined.reload()),
            wire.Shutdown: self._shutdown,
            wire.New: opening.new,
            wire.Queue: registering.queue,
            wire.Resume: resuming.resume,
            wire.Send: sending.send,
            wire.Follow: sending.follow,
            wire.Enqueue: messages.enqueue,
            wire.Messages: messages.waiting,
            wire.Drop: messages.drop,
            wire.Stop: ending.stop,
            wire.Hold: brakes.hold_all,
            wire.Release: brakes.release_all,
            wire.Pause: brakes.pause,
            wire.Unpause: brakes.unpause,
            wire.Extend: Lifetimes(books, watch, now).extend,
            wire.Set: chains.set_labels,
            wire.ResetChain: chains.reset,
            wire.Rename: renaming.asked,
            wire.Adopt: adopting.adopt,
            wire.Forget: adopting.forget_all,
            wire.TakeCheckpoints: checkpoints.take,
            wire.Checkpoints: checkpoints.known,
            wire.ShowCheckpoint: checkpoints.show,
            wire.PruneCheckpoints: checkpoints.prune,
            wire.Import: keeping.take_in,
            wire.Cleanup: keeping.clean_up,
            wire.List: looking.sessions,
            wire.Show: looking.show,
            wire.History: looking.history,
            wire.Explain: looking.explain,
            wire.Subscribe: looking.subscribe,
            wire.Resources: resources.measured,
            wire.Accounts: Accounts(books, watch, now, around).known,
            wire.Status: telling.status,
            wire.StartSession: older.start,
            wire.ListSessions: older.sessions,
            wire.StopSession: older.stop,
            wire.Attach: older.attach,
        }
        self._deeds_of_peers: dict[type[wire.Request], DeedOfPeer] = {
            wire.Run: registering.run,
            wire.Register: telling.register,
            wire.Heartbeat: telling.heartbeat,
            wire.End: telling.end,
        }

    def answer(self, request: wire.AnyRequest, peer: int | None) -> wire.Answer | Feed:
        """Does what ``request`` asks; raises an error of ``core/errors`` when it cannot.

        ``peer``: the process that asks, as it was when it connected; ``None``: it is not told.
        """
        deed = self._deeds.get(type(request))
        if deed is not None:
            return deed(request)
        return self._deeds_of_peers[type(request)](request, peer)

    def _shutdown(self, _: wire.Shutdown) -> wire.Done:
        self._joined.stop()
        return wire.Done()
