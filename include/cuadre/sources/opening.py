"""Open what a source file or the settings name. Libraries are imported only for what is really used."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cuadre.config.secrets import Resolver
from cuadre.config.source import Source
from cuadre.model.errors import ConfigurationError
from cuadre.sources.cache import Cache
from cuadre.sources.store import FolderStore, Store
from cuadre.sources.transport import Transport


@contextmanager
def open_transport(source: Source, resolver: Resolver) -> Iterator[Transport]:
    """The transport of `source`, closed on leaving.

    Raises:
        ConfigurationError: its secret is missing or cannot be read.
        HostKeyRefused, SourceUnavailable: on first use.
    """
    transport = _transport(source, resolver)
    try:
        yield transport
    finally:
        transport.close()


def open_store(place: str, scratch: Path) -> Store:
    """The store at `place`, a folder or `s3://bucket/prefix`.

    What is downloaded is kept under `scratch`; copies that nobody has used for a day are removed from there first.
    """
    if not place.startswith("s3://"):
        return FolderStore(Path(place))
    uri = urlsplit(place)
    if not uri.netloc:
        raise ConfigurationError("The store must be named like s3://bucket/prefix.")
    from cuadre.sources.s3 import S3Store

    cache = Cache(scratch / "store")
    cache.sweep(time.time())
    return S3Store(uri.netloc, uri.path, cache)


def _transport(source: Source, resolver: Resolver) -> Transport:
    settings = source.transport
    if settings.kind == "folder":
        from cuadre.sources.folder import FolderTransport

        return FolderTransport(Path(settings.folder), attempts=settings.attempts)
    from cuadre.sources.sftp import SftpTransport, parse_server

    assert settings.server is not None
    server = parse_server(resolver(settings.server), host_key=settings.host_key)
    return SftpTransport(server, settings.folder, attempts=settings.attempts)
