"""A connection to a Dask scheduler: which nodes there are, and functions that run on them."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import threading
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from finfuzz.campaign.cluster.node import Node, describe_node
from finfuzz.support.errors import UserError

if TYPE_CHECKING:
    from distributed import Future

_CONNECT_SECONDS = 30.0
#: Interval of asking the scheduler which workers it has: a node that joins works seconds later.
_LOOK_SECONDS = 1.0
#: Triage's tasks go before shards.
_URGENT = 10


class Cluster:
    """A client of a Dask scheduler. ``nodes``: its workers, by address, as last asked.

    Safe to use from several threads. TLS is configured as Dask documents it.
    """

    def __init__(self, address: str, announce: Callable[[str], None] = lambda _: None) -> None:
        """Connect. Raises UserError if there is no scheduler, or no Dask here."""
        self.address = address
        self._announce = announce
        self._client = _connect(address)
        self.nodes: dict[str, Node] = {}
        self._unusable: set[str] = set()
        self._over = threading.Event()
        self._first_look = threading.Event()
        self._watch = threading.Thread(target=self._look_on, name="finfuzz nodes", daemon=True)
        self._watch.start()

    @property
    def problem(self) -> str:
        """Why nothing can be submitted any more; empty while the scheduler is there."""
        if self._client.status != "closed" or self._over.is_set():
            return ""
        return f"the Dask scheduler at {self.address} is gone"

    def list_nodes(self, python: str = "", avoid: Collection[str] = ()) -> list[Node]:
        """List the Dask workers that have a CPython (`3.13.18`), of hosts not in ``avoid``.

        Waits until the scheduler was asked once.
        """
        self._first_look.wait(_CONNECT_SECONDS)
        return [
            node
            for node in list(self.nodes.values())
            if node.name not in avoid and (not python or python in node.pythons)
        ]

    def submit(
        self,
        function: Callable[[bytes], bytes],
        argument: bytes,
        *,
        workers: Collection[str] = (),
        elsewhere: bool = False,
        urgent: bool = True,
    ) -> Future[bytes]:
        """Run a function of a module of finfuzz on a node; its future's ``result()`` is the answer.

        ``workers``: the addresses to choose from, all if empty. ``elsewhere``: if all of those are
        gone, any other will do. Dask runs it again where a node is lost, so it may run twice.
        """
        future: Future[bytes] = self._client.submit(
            function,
            argument,
            workers=list(workers) or None,
            allow_other_workers=elsewhere and bool(workers),
            priority=_URGENT if urgent else 0,
            pure=False,
        )
        return future

    def cancel(self, futures: Sequence[Future[bytes]]) -> None:
        """Cancel tasks; one that runs goes on, and its result is dropped."""
        with contextlib.suppress(Exception):  # the scheduler is gone
            self._client.cancel(list(futures), force=True)

    def run_everywhere(self, function: Callable[..., Any], argument: bytes) -> list[bytes]:
        """Run a coroutine function on every Dask worker at once; list the answers that came."""
        try:
            found = self._client.run(function, argument, on_error="ignore")
        except Exception:  # the scheduler is gone, or a worker went meanwhile
            return []
        return [answer for answer in found.values() if isinstance(answer, bytes)]

    def close(self) -> None:
        self._over.set()
        self._client.close(timeout=5)

    def _look_on(self) -> None:
        while not self._over.wait(_LOOK_SECONDS if self._first_look.is_set() else 0):
            try:
                self._look(self._client.nthreads())
            except Exception:  # not connected: Dask tries again, or closes the client
                self._over.wait(_LOOK_SECONDS)
            else:
                self._first_look.set()

    def _look(self, addresses: Collection[str]) -> None:
        """Ask the workers that are new what they are; forget those that are gone."""
        for address in [one for one in self.nodes if one not in addresses]:
            self._announce(f"lost a worker on {self.nodes.pop(address).name}")
        self._unusable.intersection_update(addresses)
        new = [one for one in addresses if one not in self.nodes and one not in self._unusable]
        if not new:
            return
        answers = self._client.run(describe_node, workers=new, on_error="return")
        for address in new:
            self._take(address, answers.get(address))

    def _take(self, address: str, answer: object) -> None:
        own = importlib.metadata.version("finfuzz")
        if answer is None or isinstance(answer, OSError):
            return  # gone meanwhile, or asked again
        if not isinstance(answer, bytes):
            self._refuse(address, f"can't use finfuzz there: {answer}")
            return
        node = msgspec.msgpack.decode(answer, type=Node)
        if node.finfuzz != own:
            self._refuse(address, f"has finfuzz {node.finfuzz}, this is {own}: install the same")
            return
        self.nodes[address] = node

    def _refuse(self, address: str, why: str) -> None:
        self._unusable.add(address)
        self._announce(f"the Dask worker at {address} is left out: {why}")


def _connect(address: str) -> Any:
    try:
        import distributed  # noqa: PLC0415  half a second, and only --cluster needs it
    except ImportError as error:
        raise UserError(
            "--cluster needs Dask.distributed: pip install 'finfuzz[cluster]'"
        ) from error
    # What it logs would disturb the screen; what matters is announced.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client: Any = distributed.Client  # which has no types
        return client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"no Dask scheduler at {address}: {reason}: start one with `dask scheduler`"
        ) from error
