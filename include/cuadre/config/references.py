"""Where a secret, a folder or an alert channel is: references by name, so that no secret stands in a source file.

And `Strict`, the base of all models of a source file. Following a reference is the business of `secrets`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator


class Strict(BaseModel):
    """Base of all models here: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretReference(Strict):
    """Where a secret is: exactly one of an Airflow connection id, an environment variable, or a file."""

    connection: str | None = None
    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretReference:
        if sum(value is not None for value in (self.connection, self.env, self.file)) != 1:
            raise ValueError("give exactly one of: connection, env, file")
        return self


class FolderReference(Strict):
    """Where a folder is: its path, or the environment variable that holds it; exactly one."""

    folder: str | None = None
    env: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> FolderReference:
        if (self.folder is None) == (self.env is None):
            raise ValueError("give exactly one of: folder, env")
        return self


class ChannelReference(SecretReference):
    """Where an apprise URL is; the URL itself is a secret."""
