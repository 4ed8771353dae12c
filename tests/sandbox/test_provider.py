"""The sandbox's SFTP server, spoken to by a real client."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from cuadre.model.errors import ConfigurationError
from cuadre.sandbox.provider import Provider, running_provider, serve

CONTENT = b"one archive"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    served = tmp_path / "served"
    (served / "outbox").mkdir(parents=True)
    (served / "outbox" / "a.zip.pgp").write_bytes(CONTENT)
    (tmp_path / "secret.txt").write_text("not for the merchant")
    (served / "way_out").symlink_to(tmp_path / "secret.txt")
    (served / "door").symlink_to(tmp_path, target_is_directory=True)
    return served


@pytest.fixture
def provider(folder: Path) -> Iterator[Provider]:
    with running_provider(folder) as running:
        yield running


def visit(provider: Provider, work: Callable[[asyncssh.SFTPClient], Any], **other: Any) -> Any:
    """Log in, pin the host key, do `work`, leave."""

    async def session() -> Any:
        arguments: dict[str, Any] = {
            "username": provider.username,
            "password": provider.password,
            "known_hosts": ([asyncssh.import_public_key(provider.host_key)], [], []),
            "client_keys": None,
            "agent_path": None,
            "config": None,
        } | other
        async with (
            asyncssh.connect(provider.host, provider.port, **arguments) as connection,
            connection.start_sftp_client() as sftp,
        ):
            return await work(sftp)

    return asyncio.run(session())


async def read(sftp: asyncssh.SFTPClient, path: str) -> bytes:
    async with sftp.open(path, "rb") as file:
        return await file.read()


def test_the_pinned_host_key_and_the_login_open_the_folder(provider: Provider) -> None:
    async def work(sftp: asyncssh.SFTPClient) -> tuple[list[str], bytes]:
        names = await sftp.listdir("/outbox")
        return [name for name in names if not name.startswith(".")], await read(sftp, "/outbox/a.zip.pgp")

    assert visit(provider, work) == (["a.zip.pgp"], CONTENT)
    assert provider.host == "127.0.0.1"


def test_another_host_key_is_not_this_server(provider: Provider) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()

    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        visit(provider, lambda sftp: sftp.listdir("/"), known_hosts=([other], [], []))


@pytest.mark.parametrize("wrong", [{"password": "guess"}, {"username": "root"}, {"password": ""}])
def test_a_wrong_login_is_refused(provider: Provider, wrong: dict[str, str]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        visit(provider, lambda sftp: sftp.listdir("/"), **wrong)


def test_a_key_can_log_in_where_it_was_named_and_no_other(folder: Path) -> None:
    mine, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    public = mine.export_public_key("openssh").decode()

    with running_provider(folder, client_key=public) as provider:
        assert "outbox" in visit(provider, lambda sftp: sftp.listdir("/"), password=None, client_keys=[mine])
        with pytest.raises(asyncssh.PermissionDenied):
            visit(provider, lambda sftp: sftp.listdir("/"), password=None, client_keys=[other])


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/../secret.txt", "outbox/../../secret.txt", "way_out", "door/secret.txt"]
)
def test_no_path_leads_out_of_the_folder(provider: Provider, path: str) -> None:
    with pytest.raises((asyncssh.SFTPPermissionDenied, asyncssh.SFTPNoSuchFile)):
        visit(provider, lambda sftp: read(sftp, path))


@pytest.mark.parametrize("path", ["keyring/pubring.kbx", "provider/private-keys-v1.d/a.key", "outbox/../provider/a"])
def test_the_key_folders_of_a_sandbox_day_are_not_served(provider: Provider, folder: Path, path: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text("secret")

    with pytest.raises(asyncssh.SFTPPermissionDenied):
        visit(provider, lambda sftp: read(sftp, path))


@pytest.mark.parametrize(
    "change",
    [
        lambda sftp: sftp.remove("/outbox/a.zip.pgp"),
        lambda sftp: sftp.rename("/outbox/a.zip.pgp", "/b"),
        lambda sftp: sftp.posix_rename("/outbox/a.zip.pgp", "/b"),
        lambda sftp: sftp.mkdir("/new"),
        lambda sftp: sftp.rmdir("/outbox"),
        lambda sftp: sftp.symlink("/outbox", "/link"),
        lambda sftp: sftp.link("/outbox/a.zip.pgp", "/link"),
        lambda sftp: sftp.chmod("/outbox/a.zip.pgp", 0o777),
        lambda sftp: sftp.truncate("/outbox/a.zip.pgp", 0),
        lambda sftp: sftp.open("/outbox/a.zip.pgp", "wb"),
        lambda sftp: sftp.open("/outbox/a.zip.pgp", "ab"),
        lambda sftp: sftp.open("/outbox/new", "xb"),
    ],
)
def test_nothing_can_be_changed(provider: Provider, folder: Path, change: Callable[[asyncssh.SFTPClient], Any]) -> None:
    async def work(sftp: asyncssh.SFTPClient) -> None:
        await change(sftp)

    with pytest.raises(asyncssh.SFTPPermissionDenied):
        visit(provider, work)
    assert [path.name for path in (folder / "outbox").iterdir()] == ["a.zip.pgp"]
    assert (folder / "outbox" / "a.zip.pgp").read_bytes() == CONTENT


def test_there_is_no_shell(provider: Provider) -> None:
    async def work() -> None:
        async with asyncssh.connect(
            provider.host,
            provider.port,
            username=provider.username,
            password=provider.password,
            known_hosts=([asyncssh.import_public_key(provider.host_key)], [], []),
            client_keys=None,
            agent_path=None,
            config=None,
        ) as connection:
            await connection.run("id", check=True)

    with pytest.raises((asyncssh.ChannelOpenError, asyncssh.ProcessError)):
        asyncio.run(work())


def test_every_start_has_its_own_host_key_and_password_and_a_stopped_server_is_gone(folder: Path) -> None:
    with running_provider(folder) as first, running_provider(folder) as second:
        assert first.host_key != second.host_key
        assert first.password != second.password
        assert first.password not in repr(first)

    with pytest.raises(OSError, match=r"."):
        visit(first, lambda sftp: sftp.listdir("/"))
    with running_provider(folder, port=first.port) as again:
        assert again.port == first.port


def test_a_taken_port_and_a_missing_folder_are_said(folder: Path, provider: Provider) -> None:
    with pytest.raises(ConfigurationError, match=str(provider.port)), running_provider(folder, port=provider.port):
        pass
    with pytest.raises(ConfigurationError, match="no such folder"), running_provider(folder / "absent"):
        pass


def test_serving_says_where_to_log_in_and_keeps_the_password_in_a_private_file(folder: Path) -> None:
    said: list[str] = []
    told, until = threading.Event(), threading.Event()

    def say(sentence: str) -> None:
        said.append(sentence)
        if sentence.startswith("Password"):
            told.set()

    thread = threading.Thread(target=serve, args=(folder,), kwargs={"say": say, "until": until})
    thread.start()
    try:
        assert told.wait(20)
        note = Path(said[-1].removeprefix("Password: in "))
        password = note.read_text().strip()
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert password not in "".join(said)
        assert not note.is_relative_to(folder)
    finally:
        until.set()
        thread.join(20)
    assert not thread.is_alive()
    assert not note.exists()
