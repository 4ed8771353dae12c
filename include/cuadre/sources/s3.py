"""The store in an S3 bucket: SHA-256 checksums on every upload, `If-None-Match` for what must never change.

Credentials and endpoint come from the usual AWS environment or instance role, never from here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cuadre.model.digests import sha256_of
from cuadre.model.errors import ConfigurationError, SourceUnavailable, StoreDamaged
from cuadre.sources.cache import Cache
from cuadre.sources.store import checked_key
from cuadre.sources.transport import CHUNK

LARGEST = 5 * 2**30
"""Bytes S3 takes in one request."""


class S3Store:
    """A store under `prefix` of `bucket`; downloads are kept in `cache`."""

    def __init__(self, bucket: str, prefix: str, cache: Cache, client: Any = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._cache = cache
        self._s3 = client or boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 4}))

    def put_new(self, key: str, path: Path) -> bool:
        """Keep a copy of `path` under `key` for good; False when the same bytes were there."""
        digest = sha256_of(path)
        try:
            self._upload(key, path, digest, IfNoneMatch="*")
        except ClientError as error:
            if _status(error) not in (409, 412):
                raise self._trouble(key, error) from error
            if self._digest_of(key) != digest:
                raise StoreDamaged(f"The bucket holds other bytes under the immutable key {key}.") from None
            return False
        return True

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of `path` under `key`, in place of what was there."""
        try:
            self._upload(key, path, sha256_of(path))
        except ClientError as error:
            raise self._trouble(key, error) from error

    def put_bytes(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`, in place of what was there."""
        with self._cache.scrap() as file:
            file.write(content)
            file.flush()
            self.put(key, Path(file.name))

    def get(self, key: str) -> Path:
        """A cached download, checked against the SHA-256 it was uploaded with."""
        digest = self._digest_of(key)
        name = key.rpartition("/")[2]
        if kept := self._cache.find(digest, name):
            return kept
        with self._cache.adding(digest, name) as (file, place):
            if self._download(key, file) != digest:
                raise StoreDamaged(f"The bytes of {key} are not those that were uploaded.")
        return place

    def read(self, key: str) -> bytes:
        """The bytes of `key`."""
        return self.get(key).read_bytes()

    def exists(self, key: str) -> bool:
        """Whether there is anything under `key`."""
        try:
            self._digest_of(key)
        except StoreDamaged:
            return False
        return True

    def list(self, prefix: str) -> Sequence[str]:
        """Keys that start with `prefix`, sorted."""
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            names = [item["Key"] for page in pages for item in page.get("Contents", ())]
        except (ClientError, BotoCoreError) as error:
            raise self._trouble(prefix, error) from error
        return sorted(name.removeprefix(self._prefix) for name in names)

    def _upload(self, key: str, path: Path, digest: str, **conditions: str) -> None:
        if path.stat().st_size > LARGEST:
            raise ConfigurationError(f"{key} has more than 5 GiB, which one S3 request does not take.")
        with path.open("rb") as body:
            try:
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + checked_key(key),
                    Body=body,
                    ChecksumSHA256=base64.b64encode(bytes.fromhex(digest)).decode(),
                    Metadata={"sha256": digest},
                    **conditions,
                )
            except BotoCoreError as error:
                raise self._trouble(key, error) from error

    def _digest_of(self, key: str) -> str:
        """The SHA-256 `key` was uploaded with; StoreDamaged when there is nothing, or nothing of ours."""
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=self._prefix + checked_key(key))
        except (ClientError, BotoCoreError) as error:
            raise self._trouble(key, error) from error
        digest: str | None = head.get("Metadata", {}).get("sha256")
        if digest is None:
            raise StoreDamaged(f"{key} was not put there by this product: it carries no SHA-256.")
        return digest

    def _download(self, key: str, file: Any) -> str:
        digest = hashlib.sha256()
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"]
            while block := body.read(CHUNK):
                digest.update(block)
                file.write(block)
        except (ClientError, BotoCoreError) as error:
            raise self._trouble(key, error) from error
        file.flush()
        return digest.hexdigest()

    def _trouble(self, key: str, error: Exception) -> StoreDamaged | ConfigurationError | SourceUnavailable:
        status = _status(error)
        if status == 404:
            return StoreDamaged(f"The bucket has nothing under {key}.")
        if status in (401, 403):
            return ConfigurationError(f"The bucket {self._bucket} refuses us; check the role or the key.")
        return SourceUnavailable(f"The bucket {self._bucket} did not answer: {error.__class__.__name__}.")


def _status(error: Exception) -> int:
    response = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
