"""A stream that is read once, forwards, and counted: what every reader of a container takes its bytes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isal import igzip_lib

from cuadre.config.source import Limits
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected

_CHUNK = 1 << 20
_READ = 1 << 20
_RATIO_FROM = 1 << 20
_ENDS_EARLY = "It ends early, inside what was signed."


class Intake:
    """What `read` gives. `position` is how many bytes have been used up."""

    def __init__(self, read: Callable[[int], bytes], limits: Limits) -> None:
        self.position = 0
        self._read = read
        self._limits = limits
        self._waiting = b""

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes; ArchiveRejected(ARCHIVE_MALFORMED) when there are fewer."""
        while len(self._waiting) < count:
            data = self._read(_READ)
            if not data:
                raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, _ENDS_EARLY)
            self._waiting += data
        data, self._waiting = self._waiting[:count], self._waiting[count:]
        self.position += count
        return data

    def some(self) -> bytes:
        """Bytes that were read and not yet used, at least one; ArchiveRejected(ARCHIVE_MALFORMED) at the end.

        Count those that are used in `position`, and give the others back.
        """
        data = self.take()
        if not data:
            raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, _ENDS_EARLY)
        return data

    def give_back(self, data: bytes) -> None:
        """The next bytes to be read are `data`; for what `some` or `take` gave too much of."""
        self._waiting = data

    def take(self) -> bytes:
        """What `some` gives, and b"" at the end."""
        data, self._waiting = self._waiting, b""
        return data or self._read(_READ)

    def inflated(self) -> Iterator[bytes]:
        """What the deflate stream that begins here unpacks to, to its end."""
        inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
        ended = False
        while not ended:
            data = self.some() if inflater.needs_input else b""
            chunk = _inflate(inflater, data)
            ended = inflater.eof
            self._waiting = inflater.unused_data if ended else b""
            self.position += len(data) - len(self._waiting)
            if chunk:
                yield chunk

    def check_bounds(self, size: int, packed: int) -> None:
        """ArchiveRejected(ARCHIVE_UNSAFE) when `packed` bytes must not become `size` bytes."""
        if size > self._limits.max_plaintext_bytes:
            raise ArchiveRejected(
                Reason.ARCHIVE_UNSAFE, f"It unpacks to more than the allowed {self._limits.max_plaintext_bytes} bytes."
            )
        if size > _RATIO_FROM and size > packed * self._limits.max_ratio:
            raise ArchiveRejected(
                Reason.ARCHIVE_UNSAFE, f"It unpacks to more than {self._limits.max_ratio} times its size."
            )


def _inflate(inflater: igzip_lib.IgzipDecompressor, data: bytes) -> bytes:
    try:
        return bytes(inflater.decompress(data, _CHUNK))
    except igzip_lib.error:  # type: ignore[misc]  # its stub does not know that this is an exception
        raise ArchiveRejected(Reason.ARCHIVE_MALFORMED, "The member does not inflate.") from None
