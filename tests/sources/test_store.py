"""The store: immutable keys, whole files, in a folder and in a bucket."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cuadre.model.errors import ConfigurationError, SourceUnavailable, StoreDamaged
from cuadre.sources import Store, open_store
from cuadre.sources.cache import UNUSED, Cache
from cuadre.sources.s3 import S3Store

KEY = "raw/shop/abc"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    return boto3.client("s3")


@pytest.fixture
def bucket(s3: Any, tmp_path: Path) -> str:
    name = f"test-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:20]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store(str(tmp_path / "store"), tmp_path / "scratch")
    return open_store(f"s3://{request.getfixturevalue('bucket')}/some/prefix", tmp_path / "scratch")


@pytest.fixture
def one(tmp_path: Path) -> Path:
    path = tmp_path / "one"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def two(tmp_path: Path) -> Path:
    path = tmp_path / "two"
    path.write_bytes(b"two")
    return path


def test_the_same_bytes_again_are_a_no_op_and_others_are_refused(store: Store, one: Path, two: Path) -> None:
    assert store.put_new(KEY, one) is True
    assert store.put_new(KEY, one) is False
    with pytest.raises(StoreDamaged, match="immutable"):
        store.put_new(KEY, two)
    assert store.read(KEY) == b"one"


def test_what_may_be_replaced_is_replaced_whole(store: Store, one: Path, two: Path) -> None:
    store.put("lake/a.parquet", one)
    assert store.get("lake/a.parquet").read_bytes() == b"one"
    store.put("lake/a.parquet", two)
    assert store.get("lake/a.parquet").read_bytes() == b"two"
    store.put_bytes("lake/a.parquet", b"three")
    assert store.read("lake/a.parquet") == b"three"


def test_keys_are_listed_by_prefix_in_order(store: Store) -> None:
    for key in ("lake/b/2.json", "lake/b/1.json", "lake/bc/3.json", "raw/x"):
        store.put_bytes(key, b"{}")
    assert store.list("lake/b/") == ["lake/b/1.json", "lake/b/2.json"]
    assert store.list("nothing/") == []
    assert store.exists("raw/x")
    assert not store.exists("raw/y")


def test_what_is_not_there_is_said_to_be_missing(store: Store) -> None:
    with pytest.raises(StoreDamaged, match="nothing under raw/gone"):
        store.get("raw/gone")


@pytest.mark.parametrize("key", ["../x", "/x", "a//b", "a/../b", "a/./b", "", "a\\b", "a\0b"])
def test_a_key_never_leaves_the_store(store: Store, one: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a store key"):
        store.put(key, one)


def test_of_many_writers_of_one_immutable_key_one_is_first(store: Store, one: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: store.put_new(KEY, one), range(4)))
    assert sorted(told) == [False, False, False, True]


def test_every_upload_to_a_bucket_carries_its_sha256_and_a_new_key_its_condition(
    s3: Any, bucket: str, one: Path, tmp_path: Path
) -> None:
    sent: list[Any] = []
    s3.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.append(request.headers))
    store = S3Store(bucket, "p", Cache(tmp_path / "scratch"), s3)
    store.put_new(KEY, one)
    store.put("lake/a", one)
    digest = hashlib.sha256(b"one")
    checksum = base64.b64encode(digest.digest())
    assert all(headers["x-amz-checksum-sha256"] in (checksum, checksum.decode()) for headers in sent)
    assert [headers.get("If-None-Match") in (b"*", "*") for headers in sent] == [True, False]
    assert s3.head_object(Bucket=bucket, Key=f"p/{KEY}")["Metadata"]["sha256"] == digest.hexdigest()


def test_an_object_changed_behind_our_back_is_not_used(s3: Any, bucket: str, one: Path, tmp_path: Path) -> None:
    store = open_store(f"s3://{bucket}/p", tmp_path / "scratch")
    store.put_new(KEY, one)
    s3.put_object(Bucket=bucket, Key=f"p/{KEY}", Body=b"evil", Metadata={"sha256": hashlib.sha256(b"one").hexdigest()})
    with pytest.raises(StoreDamaged, match="not those that were uploaded"):
        store.get(KEY)
    s3.put_object(Bucket=bucket, Key=f"p/{KEY}", Body=b"evil")
    with pytest.raises(StoreDamaged, match="carries no SHA-256"):
        store.get(KEY)


def test_a_download_is_kept_while_it_is_used_and_swept_a_day_after_its_last_use(
    bucket: str, s3: Any, one: Path, tmp_path: Path
) -> None:
    place, now = f"s3://{bucket}/p", time.time()
    store = open_store(place, tmp_path / "scratch")
    for key in ("lake/used", "lake/unused"):
        store.put(key, one)
    used, unused = (store.get(key) for key in ("lake/used", "lake/unused"))
    torn = unused.with_name(".arriving-killed")
    torn.touch()
    for path in (used, unused, torn):
        os.utime(path, (now - UNUSED - 9, now - UNUSED - 9))
    assert store.get("lake/used") == used
    again = open_store(place, tmp_path / "scratch")
    assert (used.exists(), unused.exists(), torn.exists()) == (True, False, False)
    assert again.get("lake/unused").read_bytes() == b"one"


def test_a_bucket_that_does_not_answer_is_unavailable(s3: Any, one: Path, tmp_path: Path) -> None:
    from botocore.config import Config

    client = boto3.client("s3", endpoint_url="http://127.0.0.1:1", config=Config(retries={"max_attempts": 0}))
    with pytest.raises(SourceUnavailable):
        S3Store("bucket", "p", Cache(tmp_path), client).put(KEY, one)


def test_a_store_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="s3://bucket/prefix"):
        open_store("s3://", tmp_path)
