"""Secrets in a connector's settings: written as a reference, never as themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from pydantic import SecretStr, ValidationInfo, WithJsonSchema
from pydantic.functional_validators import BeforeValidator


class BadReference(ValueError):
    """A setting is given by a reference that leads nowhere, or a secret is given as itself."""


class Unreadable(BadReference):
    """A secret is named rightly, and is not to be had here."""


OFFLINE: Final = {"offline": True}
"""The validation context of settings that will connect to nothing: a secret that cannot be read is blank."""


def read_secret(reference: object, info: ValidationInfo) -> object:
    """Follow "env:NAME" or "file:PATH"; a literal is refused, so that no configuration file holds a secret.

    Raises ValueError (which pydantic turns into a located error) without ever echoing the literal.
    """
    if isinstance(reference, SecretStr):
        return reference
    try:
        return _follow(str(reference))
    except Unreadable:
        if info.context == OFFLINE:
            return ""
        raise


def _follow(reference: str) -> str:
    match reference.split(":", 1):
        case ["env", name]:
            if name not in os.environ:
                raise Unreadable(f"environment variable {name} is not set: export {name}=…")
            return _filled(os.environ[name], f"environment variable {name} is blank: export {name}=…")
        case ["file", path]:
            try:
                text = Path(path).expanduser().read_text(encoding="utf-8-sig")
            except OSError as problem:
                raise Unreadable(f"cannot read the secret file {path}: {problem.strerror}") from None
            except UnicodeDecodeError:
                raise Unreadable(f"the secret file {path} is no text in UTF-8: save it as such") from None
            return _filled(text, f"the secret file {path} is empty")
        case _:
            raise BadReference('a secret is given by reference, as "env:NAME" or "file:PATH", never as itself')


def _filled(text: str, otherwise: str) -> str:
    if not text.strip():
        raise Unreadable(otherwise)
    return text.strip()


Secret = Annotated[SecretStr, BeforeValidator(read_secret), WithJsonSchema({"type": "string"})]
"""A settings field that is written as a reference and holds the secret once read."""
