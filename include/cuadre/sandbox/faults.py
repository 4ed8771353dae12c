"""What can be wrong with an archive as a whole: the registry of faults and the code each must be refused with.

A fault is planted at one stage of making an archive: in what the file says (`content`), in the ZIP around it (`zip`),
or in the message around that (`message`). The planters live beside: `faults_zip` and `faults_message`. Faults of
different stages can be planted together; two of one stage cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from cuadre.model.codes import RejectionReason
from cuadre.model.errors import ConfigurationError
from cuadre.sandbox import faults_message as message
from cuadre.sandbox import faults_zip as zipped
from cuadre.sandbox.layout import Member
from cuadre.sandbox.seal import Sealing


class Stage(StrEnum):
    """Where in the making a fault is planted."""

    CONTENT = "content"
    ZIP = "zip"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its name, what it is in words, and the reason it must be refused for."""

    name: str
    doc: str
    reason: RejectionReason
    content: Callable[[Member], Member] | None = None
    zip: Callable[[Path, str], None] | None = None
    message: Callable[[Sealing], str | None] | None = None

    @property
    def expected(self) -> str:
        """The code it must be refused with."""
        return self.reason.name

    @property
    def stage(self) -> Stage:
        """Where it is planted."""
        if self.content is not None:
            return Stage.CONTENT
        return Stage.ZIP if self.zip is not None else Stage.MESSAGE


R = RejectionReason

_ALL = (
    Fault("unsigned", "Encrypted, and signed by nobody.", R.UNSIGNED, message=message.unsigned),
    Fault("not_encrypted", "Signed, and readable by everybody.", R.NOT_ENCRYPTED, message=message.not_encrypted),
    Fault("bad_signature", "Changed between signing and encrypting.", R.BAD_SIGNATURE, message=message.bad_signature),
    Fault("wrong_signer", "Signed by a key nobody knows.", R.UNKNOWN_SIGNER, message=message.wrong_signer),
    Fault(
        "signer_not_allowed",
        "Signed by a key of the key ring that the source does not allow.",
        R.SIGNER_NOT_ALLOWED,
        message=message.signer_not_allowed,
    ),
    Fault(
        "signer_expired",
        "Signed by an allowed key after the key had expired.",
        R.SIGNER_EXPIRED,
        message=message.signer_expired,
    ),
    Fault(
        "signer_revoked", "Signed by an allowed key that is revoked.", R.SIGNER_REVOKED, message=message.signer_revoked
    ),
    Fault(
        "signature_expired",
        "The signature was good for one day, and that day has passed.",
        R.SIGNATURE_EXPIRED,
        message=message.signature_expired,
    ),
    Fault(
        "signature_from_future",
        "The signature is dated 2099.",
        R.SIGNATURE_FROM_FUTURE,
        message=message.signature_from_future,
    ),
    Fault("weak_digest", "The signature is over a SHA-1 hash.", R.WEAK_ALGORITHM, message=message.weak_digest),
    Fault("weak_cipher", "Encrypted with Triple-DES.", R.WEAK_ALGORITHM, message=message.weak_cipher),
    Fault("weak_key", "Signed by an allowed RSA key of 1024 bits.", R.WEAK_ALGORITHM, message=message.weak_key),
    Fault("tampered", "One byte of the ciphertext was changed.", R.TAMPERED, message=message.tampered),
    Fault(
        "wrong_integrity", "The modification code is not the content's.", R.TAMPERED, message=message.wrong_integrity
    ),
    Fault(
        "no_integrity",
        "Encrypted the old way, without a modification code.",
        R.NO_INTEGRITY_PROTECTION,
        message=message.no_integrity,
    ),
    Fault(
        "no_decryption_key",
        "Encrypted to somebody else's key.",
        R.NO_DECRYPTION_KEY,
        message=message.no_decryption_key,
    ),
    Fault("garbage", "Noise under the right name.", R.MALFORMED_OPENPGP, message=message.garbage),
    Fault("error_page", "A server's error page under the right name.", R.MALFORMED_OPENPGP, message=message.error_page),
    Fault("two_messages", "Two messages in one file.", R.MULTIPLE_MESSAGES, message=message.two_messages),
    Fault("nested", "A sealed archive, sealed again.", R.NESTED_MESSAGE, message=message.nested),
    Fault("truncated", "The upload broke off.", R.TRUNCATED, message=message.truncated),
    Fault(
        "zip_traversal",
        "The member's name leads out of the folder.",
        R.ARCHIVE_UNSAFE,
        zip=zipped.traversal,
    ),
    Fault("zip_link", "The member is a symbolic link.", R.ARCHIVE_UNSAFE, zip=zipped.link),
    Fault("zip_bomb", "The member unpacks to a thousand times its size.", R.ARCHIVE_UNSAFE, zip=zipped.bomb),
    Fault("zip_damaged", "The check sum of the member is wrong.", R.ARCHIVE_MALFORMED, zip=zipped.damaged),
    Fault("zip_cut", "The ZIP was cut short before it was signed.", R.ARCHIVE_MALFORMED, zip=zipped.cut),
    Fault("not_a_zip", "The file was signed without a ZIP around it.", R.ARCHIVE_MALFORMED, zip=zipped.absent),
    Fault("extra_member", "A second file lies in the ZIP.", R.MEMBER_UNEXPECTED, zip=zipped.extra_member),
    Fault("no_member", "The ZIP is empty.", R.MEMBER_UNEXPECTED, zip=zipped.no_member),
    Fault("member_name", "The member is not called like its archive.", R.MEMBER_UNEXPECTED, zip=zipped.member_name),
    Fault(
        "layout_version",
        "The header declares another version of the layout.",
        R.LAYOUT_UNKNOWN,
        content=lambda member: replace(member, profile="pagoefectivo/9"),
    ),
    Fault(
        "missing_column",
        "The net column is missing.",
        R.LAYOUT_UNKNOWN,
        content=lambda member: replace(member, without="net"),
    ),
    Fault(
        "bad_record",
        "One amount is written in letters.",
        R.LINES_MALFORMED,
        content=lambda member: replace(member, spoil=True),
    ),
    Fault(
        "control_total",
        "A trailer claims one unit of money more than the lines.",
        R.CONTROL_TOTAL_MISMATCH,
        content=lambda member: replace(member, miscount=100),
    ),
    Fault(
        "wrong_merchant",
        "The header names another merchant.",
        R.WRONG_MERCHANT,
        content=lambda member: replace(member, merchant=f"{member.merchant[:30]}9"),
    ),
    Fault(
        "wrong_period",
        "The header is of the day before the one in the name.",
        R.WRONG_PERIOD,
        content=lambda member: replace(member, period=member.day - timedelta(days=1)),
    ),
)

FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""


def chosen(names: tuple[str, ...]) -> dict[Stage, Fault]:
    """The faults called `names` by stage; ConfigurationError for an unknown name or two of one stage."""
    found: dict[Stage, Fault] = {}
    for name in names:
        if name not in FAULTS:
            raise ConfigurationError(f"Unknown fault {name!r}; known are: {', '.join(FAULTS)}.")
        fault = FAULTS[name]
        if fault.stage in found:
            raise ConfigurationError(
                f"{found[fault.stage].name} and {name} are both faults of the {fault.stage}: plant one of them."
            )
        found[fault.stage] = fault
    return found
