"""The numbers OpenPGP gives its algorithms, by the names source files and refusals use.

Source: RFC 9580, sections 9.1, 9.3 and 9.5. Which of them are good enough is said by a source's `trust`, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DIGESTS: Mapping[int, str] = MappingProxyType(
    {1: "MD5", 2: "SHA1", 3: "RIPEMD160", 8: "SHA256", 9: "SHA384", 10: "SHA512", 11: "SHA224"}
)

PUBLIC_KEYS: Mapping[int, str] = MappingProxyType(
    {1: "RSA", 2: "RSA", 3: "RSA", 16: "ELGAMAL", 17: "DSA", 18: "ECDH", 19: "ECDSA", 22: "EDDSA"}
)

CIPHERS: Mapping[int, str] = MappingProxyType(
    {
        1: "IDEA",
        2: "3DES",
        3: "CAST5",
        4: "BLOWFISH",
        7: "AES",
        8: "AES192",
        9: "AES256",
        10: "TWOFISH",
        11: "CAMELLIA128",
        12: "CAMELLIA192",
        13: "CAMELLIA256",
    }
)
