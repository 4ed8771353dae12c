"""The container files hold together, without a container engine.

They are held against a compact schema of the keys in use; the full schema of the Compose Specification is not shipped.
What no test here can say is that the images start.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cuadre.config import load_source

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SCRIPTS = sorted((ROOT / "deploy").glob("*.sh"))

AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer", "worker", "init")
ONE_SHOT = ("airflow-init", "demo-provider")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|FERNET_KEY|PASSPHRASE|WAREHOUSE_URL")
SUBSTITUTION = re.compile(r"\$\{([A-Z0-9_]+)(:[-?])?([^}]*)\}")


def test_it_follows_the_schema():
    schema = json.loads(Path(__file__).with_name("compose_schema.json").read_text(encoding="utf-8"))

    errors = jsonschema.Draft202012Validator(schema).iter_errors(COMPOSE)

    assert [f"{list(error.path)}: {error.message}" for error in errors] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "redis", "imagee"), "redis:7.2"),
        (("services", "redis", "image"), "redis"),
        (("services", "redis", "restart"), "sometimes"),
        (("services", "airflow-worker", "depends_on", "redis"), {"condition": "service_happy"}),
        (("services", "postgres", "healthcheck", "test"), ["pg_isready"]),
        (("servces",), {}),
    ],
)
def test_the_schema_refuses_what_compose_would_refuse_or_ignore(path: tuple[str, ...], value: Any):
    schema = json.loads(Path(__file__).with_name("compose_schema.json").read_text(encoding="utf-8"))
    broken = json.loads(json.dumps(COMPOSE))
    place = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert not jsonschema.Draft202012Validator(schema).is_valid(broken)


def test_every_airflow_component_redis_and_postgres_are_there():
    assert {f"airflow-{name}" for name in AIRFLOW} | {"redis", "postgres"} <= set(SERVICES)
    assert SERVICES["redis"]["image"] == "redis:7.2"
    assert SERVICES["airflow-worker"]["command"] == "celery worker"


def test_only_the_demo_profile_has_the_provider_the_object_store_and_the_warehouse():
    demo = {name for name, service in SERVICES.items() if service.get("profiles") == ["demo"]}

    assert demo == {"demo-provider", "demo-objects", "demo-warehouse"}


def test_every_build_has_its_dockerfile_and_every_mounted_folder_and_volume_exists():
    for service in SERVICES.values():
        if "build" in service:
            assert (ROOT / service["build"] / "Dockerfile").is_file()
        for volume in service.get("volumes", []):
            origin = volume.split(":")[0]
            assert (ROOT / origin).is_dir() if origin.startswith(".") else origin in COMPOSE["volumes"], volume


def test_no_secret_has_a_default_and_none_is_written_down():
    secrets = [found for found in SUBSTITUTION.finditer(TEXT) if SECRET.search(found.group(1))]
    written = [
        (name, key)
        for name, service in SERVICES.items()
        for key, value in service.get("environment", {}).items()
        if SECRET.search(key) and not key.endswith("_FILE") and value and not SUBSTITUTION.search(str(value))
    ]

    assert len(secrets) >= 6
    assert [found.group(0) for found in secrets if found.group(2) != ":?"] == []
    assert written == []


def test_the_example_of_env_names_every_variable_and_gives_no_secret():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    required = {found.group(1) for found in SUBSTITUTION.finditer(TEXT) if found.group(2) == ":?"}

    assert {line.split("=")[0] for line in example.splitlines() if re.match(r"[A-Z]", line)} == required
    assert [line for line in example.splitlines() if re.match(r"[A-Z_]+=.", line)] == []


def test_every_port_is_open_on_loopback_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_service_that_stays_has_a_healthcheck_and_dependencies_wait_for_it():
    assert [name for name, service in SERVICES.items() if name not in ONE_SHOT and "healthcheck" not in service] == []
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert how["condition"] == expected, (name, needed)


def test_what_outside_the_demo_depends_on_the_demo_can_do_without_it():
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            if SERVICES[needed].get("profiles") and not service.get("profiles"):
                assert how.get("required") is False, (name, needed)


def test_every_airflow_component_can_import_the_product_and_shares_one_jwt_secret():
    environments = [SERVICES[f"airflow-{name}"]["environment"] for name in AIRFLOW]

    assert {environment["PYTHONPATH"] for environment in environments} == {"/opt/cuadre/include"}
    assert len({environment["AIRFLOW__API_AUTH__JWT_SECRET"] for environment in environments}) == 1
    assert "_PIP_ADDITIONAL_REQUIREMENTS" not in TEXT


def test_the_image_is_built_from_the_lock_file_with_hashes_and_has_gnupg():
    assert "FROM apache/airflow:3.3.2-python3.12\n" in DOCKERFILE
    assert "--require-hashes -r requirements.txt" in DOCKERFILE
    assert re.search(r"apt-get install .*\bgnupg\b", DOCKERFILE)
    assert "--hash=sha256:" in (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_all_the_image_copies_exists_and_is_let_through_to_the_build():
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [words.split()[:-1] for words in re.findall(r"^COPY --chown=\S+ (.+)$", DOCKERFILE, re.MULTILINE)]

    for origin in (origin.removeprefix("./") for origins in copied for origin in origins):
        assert (ROOT / origin).exists(), origin
        assert f"!{origin}" in allowed, origin


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_scripts_are_whole_and_stop_at_the_first_error(script: Path):
    bash = shutil.which("bash")
    assert bash

    assert subprocess.run([bash, "-n", script], check=False, capture_output=True).returncode == 0
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    assert [s for s in SERVICES.values() if f"/opt/cuadre/deploy/{script.name}" in s.get("entrypoint", [])]


def test_the_folder_transport_the_demo_switches_to_is_a_valid_source(tmp_path: Path):
    script = (ROOT / "deploy" / "demo-provider.sh").read_text(encoding="utf-8")
    program = script.split("<<'PYTHON'\n")[1].split("\nPYTHON\n")[0]
    target = tmp_path / "source.yaml"

    code = program.replace("/opt/cuadre/include", str(ROOT / "include")).replace("sys.argv[1]", repr(str(target)))
    exec(compile(code, "demo-provider.sh", "exec"), {})

    source = load_source(target)
    assert source.transport.kind == "folder"
    assert source.timezone == "America/Lima"
