"""What if the database does not answer for a while? Writes wait in order, and the training goes on."""

import queue
import threading
import time
from collections.abc import Callable

from resnet_viz.runs import StoreError

MOST = 2_000  # writes that wait: about a quarter of an hour; then the training waits, too
PATIENCE = 900.0  # seconds that one write is tried for
RETRY_SECONDS = (0.1, 2.0)  # between two tries, at first and at most


class Outbox:
    """Does writes in their order, in a thread of its own; one that the store does not take is tried again.

    What a write raises beside StoreError, or at last that, ends the outbox: `check` raises it, later writes are
    dropped. As a context it waits for all writes at its end.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.waiting: queue.Queue[Callable[[], object] | None] = queue.Queue(MOST)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._work, daemon=True, name="outbox")

    def __enter__(self) -> "Outbox":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.waiting.put(None)
        self.thread.join()

    def put(self, write: Callable[[], object]) -> None:
        """Have something written after all that was put before."""
        self.waiting.put(write)

    def check(self) -> None:
        """Raise what has ended the outbox, if anything has."""
        if self.error is not None:
            raise self.error

    def _work(self) -> None:
        while (write := self.waiting.get()) is not None:
            if self.error is None:
                try:
                    self._try(write)
                except BaseException as error:
                    self.error = error

    def _try(self, write: Callable[[], object]) -> None:
        pause, deadline = RETRY_SECONDS[0], time.monotonic() + self.patience
        while True:
            try:
                write()
                return
            except StoreError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, RETRY_SECONDS[1])
