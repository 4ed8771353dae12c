"""Faults of the ZIP: each takes the good ZIP at a path and the archive's name, and leaves a bad one there."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from cuadre.sandbox.layout import inner_name

BOMB_BYTES = 64 * 2**20


def traversal(path: Path, name: str) -> None:
    """The member's name leads two folders up."""
    _rewrite(path, f"../../{inner_name(name)}", _content(path))


def link(path: Path, name: str) -> None:
    """The member claims to be a symbolic link."""
    info = zipfile.ZipInfo(inner_name(name))
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    _rewrite(path, info, b"/etc/hostname")


def bomb(path: Path, name: str) -> None:
    """A member of nothing but blanks, a thousandth of its size when packed."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open(inner_name(name), "w") as out,
    ):
        block = b" " * 2**20
        for _ in range(BOMB_BYTES // len(block)):
            out.write(block)


def damaged(path: Path, name: str) -> None:
    """The member's check sum, wherever it is kept, is not that of its content."""
    with zipfile.ZipFile(path) as archive:
        kept = archive.infolist()[0].CRC
    found, wrong = kept.to_bytes(4, "little"), (kept ^ 0x5A5A5A5A).to_bytes(4, "little")
    whole = bytearray(path.read_bytes())
    for start in (whole.find(b"PK\x03\x04") + 14, whole.rfind(b"PK\x01\x02") + 16):
        if whole[start : start + 4] == found:
            whole[start : start + 4] = wrong
    path.write_bytes(bytes(whole))


def cut(path: Path, name: str) -> None:
    """The last third is missing, and with it the directory."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])


def absent(path: Path, name: str) -> None:
    """The content without a ZIP."""
    path.write_bytes(_content(path))


def extra_member(path: Path, name: str) -> None:
    """A second file beside the right one."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme.txt", "Thank you for your business.\n")


def no_member(path: Path, name: str) -> None:
    """A ZIP of nothing."""
    zipfile.ZipFile(path, "w").close()


def member_name(path: Path, name: str) -> None:
    """The right content under another name."""
    _rewrite(path, f"final_{inner_name(name)}", _content(path))


def _content(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.infolist()[0])


def _rewrite(path: Path, member: str | zipfile.ZipInfo, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
