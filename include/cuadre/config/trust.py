"""The `trust` section of a source file: whose signature counts and when, and how weak an algorithm may be.

What follows from it for one message is said in `cuadre.trust.policy`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from cuadre.config.references import FolderReference, SecretReference, Strict
from cuadre.config.values import Cipher, Digest, Duration, Fingerprint, PublicKey

Shape = Literal["signed_then_encrypted", "detached_over_ciphertext", "detached_over_plaintext", "encrypted_then_signed"]


class TrustedKey(Strict):
    """One reviewed key: primary fingerprint, what it is for, and the days on which it counts, both included, in UTC.

    A `signer` is the provider's, a `decryption` key ours. `retired` is the last day of a key given up in good order:
    what it signed until then stands, even when its owner revokes it afterwards. Of a `compromised` key nothing stands,
    whatever its date.
    """

    fingerprint: Fingerprint
    role: Literal["signer", "decryption"]
    valid_from: date
    valid_to: date | None = None
    retired: date | None = None
    compromised: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _possible(self) -> TrustedKey:
        if self.last_day is not None and self.last_day < self.valid_from:
            raise ValueError(f"{'retired' if self.last_day == self.retired else 'valid_to'} lies before valid_from")
        return self

    @property
    def last_day(self) -> date | None:
        """The last day on which it counts."""
        return min(filter(None, (self.valid_to, self.retired)), default=None)

    def counts_on(self, day: date) -> bool:
        """Whether `day` lies in its window."""
        return self.valid_from <= day and (self.last_day is None or day <= self.last_day)


class Trust(Strict):
    """Which messages are believed.

    `keyring` is the GnuPG home; its keys are worth nothing without a line in `keys`. `passphrase` opens the decryption
    keys. `rotation` is the age at which a key's successor is due. The floors are refusals by default; loosen them by
    name only: `digests`, `ciphers`, `public_keys`, and for RSA, DSA and ElGamal the length. `quarantine` is where
    plaintext waits until all of it is believed: on the disk beside the lake, or in memory (tmpfs) and on no disk.
    """

    shape: Shape = "signed_then_encrypted"
    keyring: FolderReference
    passphrase: SecretReference | None = None
    keys: tuple[TrustedKey, ...]
    rotation: Duration = timedelta(days=90)
    digests: Annotated[tuple[Digest, ...], Field(min_length=1)] = ("SHA256", "SHA384", "SHA512")
    ciphers: Annotated[tuple[Cipher, ...], Field(min_length=1)] = ("AES", "AES192", "AES256", "CAMELLIA256", "TWOFISH")
    public_keys: Annotated[tuple[PublicKey, ...], Field(min_length=1)] = ("RSA", "ECDSA", "EDDSA", "ECDH")
    minimum_rsa_bits: Annotated[int, Field(ge=1024)] = 2048
    quarantine: Literal["disk", "memory"] = "disk"
    clock_skew: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=1))] = timedelta(minutes=5)

    @field_validator("keys")
    @classmethod
    def _somebody_may_sign(cls, keys: tuple[TrustedKey, ...]) -> tuple[TrustedKey, ...]:
        if not any(key.role == "signer" for key in keys):
            raise ValueError("name at least one key with the role signer")
        both = {key.fingerprint for key in keys if key.role == "signer"} & {
            key.fingerprint for key in keys if key.role == "decryption"
        }
        if both:
            raise ValueError(f"{min(both)} is named as theirs and as ours: who opens archives could sign them")
        return keys

    @property
    def detached(self) -> bool:
        """Whether the signature is a file of its own."""
        return self.shape in ("detached_over_ciphertext", "detached_over_plaintext")

    @property
    def signers(self) -> tuple[TrustedKey, ...]:
        """The provider's signing keys."""
        return tuple(key for key in self.keys if key.role == "signer")

    @property
    def decryption_keys(self) -> tuple[TrustedKey, ...]:
        """Our own keys, which open archives."""
        return tuple(key for key in self.keys if key.role == "decryption")
