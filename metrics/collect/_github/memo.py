"""Replies that GitHub need not send again: a conditional request that answers 304 costs nothing of the rate limit."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass

__all__ = ["KEPT", "Kept", "Memo"]

# Compressed. A page of a hundred pull requests is two or three megabytes of text, and a tenth of that here.
LARGEST = 32 * 2**20
# One reply must not drive out all the others.
LARGEST_REPLY = LARGEST // 8

Key = tuple[str, str]
"""The address, and a hash of the token: what one token may see, another may not."""


@dataclass(frozen=True, slots=True)
class Kept:
    etag: str
    packed: bytes
    next: str | None

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.packed)


class Memo:
    """Keeps the replies that were used last, up to so many bytes. It lives as long as the process."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest, self._size = largest, 0
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Kept | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Key, etag: str, body: bytes, following: str | None) -> None:
        """Keeps the reply, unless it is so large that others would have to go for it."""
        kept = Kept(etag, zlib.compress(body, 1), following)
        with self._lock:
            self._drop(key)
            if len(kept.packed) > min(LARGEST_REPLY, self._largest):
                return
            self._kept[key] = kept
            self._size += len(kept.packed)
            while self._size > self._largest:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        if gone := self._kept.pop(key, None):
            self._size -= len(gone.packed)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._size = 0

    def __len__(self) -> int:
        return len(self._kept)


KEPT = Memo()
