"""A provider's folder with one archive in it, and the real SFTP server over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from cuadre.sandbox.provider import Provider, running_provider
from cuadre.sources.sftp import SftpServer

CONTENT = bytes(range(256)) * 20_000


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    folder = tmp_path / "served" / "outbox"
    folder.mkdir(parents=True)
    (folder / "archive.pgp").write_bytes(CONTENT)
    return folder


@pytest.fixture
def provider(outbox: Path) -> Iterator[Provider]:
    with running_provider(outbox.parent) as running:
        yield running


@pytest.fixture
def server(provider: Provider) -> SftpServer:
    return SftpServer(
        host=provider.host,
        port=provider.port,
        username=provider.username,
        password=SecretStr(provider.password),
        host_key=provider.host_key,
    )
