"""SFTP and folder: what is listed, what is downloaded, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import asyncssh
import pytest
from pydantic import SecretStr

from cuadre.model.errors import ArchiveUnstable, ConfigurationError, HostKeyRefused, SourceUnavailable, Transient
from cuadre.sandbox.provider import running_provider
from cuadre.sources.folder import FolderTransport
from cuadre.sources.sftp import SftpServer, SftpTransport, parse_server
from cuadre.sources.transport import RemoteFile, Transport, arriving, with_retries
from tests.sources.conftest import CONTENT


def sftp(server: SftpServer, folder: str = "/outbox", *, attempts: int = 3, settle: float = 0.05) -> SftpTransport:
    return SftpTransport(server, folder, attempts=attempts, wait=0.01, settle=settle)


@pytest.fixture(params=["sftp", "folder"])
def transport(request: pytest.FixtureRequest, outbox: Path) -> Iterator[Transport]:
    if request.param == "folder":
        yield FolderTransport(outbox, attempts=3, wait=0.01, settle=0.05)
        return
    opened = sftp(request.getfixturevalue("server"))
    yield opened
    opened.close()


def test_only_plain_files_with_plain_names_are_listed(transport: Transport, outbox: Path) -> None:
    (outbox / "folder.pgp").mkdir()
    (outbox / "link.pgp").symlink_to(outbox / "archive.pgp")
    for name in (".hidden", "-rf", "two words.pgp", "new\nline.pgp"):
        (outbox / name).write_bytes(b"x")
    listed = transport.list()
    assert [(file.name, file.bytes) for file in listed] == [("archive.pgp", len(CONTENT))]


def test_a_download_is_whole_hashed_and_appears_under_its_name_only_when_finished(
    transport: Transport, tmp_path: Path
) -> None:
    target = tmp_path / "copy"
    received = transport.download("archive.pgp", target)
    assert target.read_bytes() == CONTENT
    assert received.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert received.bytes == len(CONTENT)
    assert not target.with_name("copy.part").exists()


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "..", ".", "", "-x", "a\0b", "a\\b"])
def test_a_name_with_a_path_in_it_is_never_asked_for(transport: Transport, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        transport.download(name, tmp_path / "copy")


def test_a_file_that_is_still_growing_is_unstable(transport: Transport, outbox: Path, tmp_path: Path) -> None:
    growing, stop = outbox / "archive.pgp", threading.Event()

    def grow() -> None:
        while not stop.is_set():
            with growing.open("ab") as file:
                file.write(b"more")
            time.sleep(0.002)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(ArchiveUnstable, match="still being written"):
            transport.download("archive.pgp", tmp_path / "copy")
    finally:
        stop.set()
        writer.join()
    assert not (tmp_path / "copy").exists()


def test_a_sender_without_end_is_stopped_at_what_it_announced(tmp_path: Path) -> None:
    with arriving(RemoteFile("archive.pgp", 5, 0.0), tmp_path / "copy") as arrival:
        arrival.write(b"xxx")
        with pytest.raises(ArchiveUnstable, match="more than the announced 5 bytes"):
            arrival.write(b"xxx")
    assert (tmp_path / "copy.part").stat().st_size == 3


def test_a_full_disk_of_ours_is_not_the_providers_trouble(transport: Transport, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(Transient, match="Our own disk does not take copy: File too large"):
            transport.download("archive.pgp", tmp_path / "copy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "copy").exists()


def test_a_pipe_in_a_watched_folder_keeps_nobody_waiting(outbox: Path, tmp_path: Path) -> None:
    os.mkfifo(outbox / "pipe.pgp")
    with pytest.raises(SourceUnavailable, match="not a regular file"):
        FolderTransport(outbox, attempts=1).download("pipe.pgp", tmp_path / "copy")


def test_a_file_that_went_away_is_unstable(transport: Transport, tmp_path: Path) -> None:
    with pytest.raises(ArchiveUnstable, match="is gone"):
        transport.download("other.pgp", tmp_path / "copy")


def test_a_host_that_shows_another_key_is_refused_before_anything_is_sent(server: SftpServer) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode().strip()
    transport = sftp(replace(server, host_key=other))
    with pytest.raises(HostKeyRefused, match="nothing was sent"):
        transport.list()
    transport.close()


def test_without_a_pinned_key_nobody_is_called(server: SftpServer) -> None:
    transport = sftp(replace(server, host_key=None, port=1))
    with pytest.raises(HostKeyRefused, match="No host key is pinned"):
        transport.list()
    transport.close()


def test_a_wrong_password_is_not_tried_again(server: SftpServer) -> None:
    transport = sftp(replace(server, password=SecretStr("wrong")))
    with pytest.raises(ConfigurationError, match="refused the login"):
        transport.list()
    transport.close()


def test_a_key_opens_the_door_too(outbox: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    with running_provider(outbox.parent, client_key=key.export_public_key("openssh").decode()) as provider:
        server = SftpServer(
            host=provider.host,
            port=provider.port,
            username=provider.username,
            private_key=SecretStr(key.export_private_key("openssh").decode()),
            host_key=provider.host_key,
        )
        transport = sftp(server)
        assert [file.name for file in transport.list()] == ["archive.pgp"]
        transport.close()


def test_a_server_that_does_not_answer_is_unavailable_after_all_attempts(server: SftpServer) -> None:
    transport = sftp(replace(server, port=1))
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        transport.list()
    transport.close()


def test_a_session_that_broke_off_is_opened_again(outbox: Path, tmp_path: Path) -> None:
    with running_provider(outbox.parent) as first:
        server = SftpServer(first.host, first.port, first.username, SecretStr(first.password), None, first.host_key)
        transport = sftp(server)
        assert transport.list()
    with pytest.raises(SourceUnavailable):
        transport.list()
    with running_provider(outbox.parent) as again:
        known = SftpServer(again.host, again.port, again.username, SecretStr(again.password), None, again.host_key)
        transport._server = known
        assert transport.download("archive.pgp", tmp_path / "copy").bytes == len(CONTENT)
    transport.close()


def test_only_transient_errors_are_tried_again_and_only_so_often() -> None:
    tries: list[str] = []

    def fail(error: Exception) -> None:
        tries.append(type(error).__name__)
        raise error

    with pytest.raises(SourceUnavailable):
        with_retries(lambda: fail(SourceUnavailable("away")), attempts=4, wait=0.001)
    with pytest.raises(HostKeyRefused):
        with_retries(lambda: fail(HostKeyRefused("changed")), attempts=4, wait=0.001)
    assert tries == ["SourceUnavailable"] * 4 + ["HostKeyRefused"]


def test_a_server_is_read_from_a_uri_or_from_json_and_the_source_file_pins_the_key() -> None:
    uri = f"sftp://shop:p%40ss@sftp.example:2222?host_key={quote('ssh-ed25519 AAAA')}"
    text = json.dumps({"host": "sftp.example", "port": 2222, "login": "shop", "password": "p@ss", "host_key": "other"})
    from_uri = parse_server(SecretStr(uri))
    from_json = parse_server(SecretStr(text), host_key="ssh-ed25519 AAAA")
    assert from_uri == from_json
    assert (from_uri.host, from_uri.port, from_uri.username) == ("sftp.example", 2222, "shop")
    assert "p@ss" not in repr(from_uri)


PORTLESS = '{"host": "h", "login": "u", "password": "p", "port": "abc"}'


@pytest.mark.parametrize(
    "text", ["sftp://sftp.example", "sftp://shop@sftp.example", "{", "sftp://a:b@h:port", PORTLESS]
)
def test_a_server_that_cannot_be_used_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_server(SecretStr(text))
