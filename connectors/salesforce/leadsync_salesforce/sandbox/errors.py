"""The sandbox's own error value, and the two spellings Salesforce gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadsync.sandbox import Reply, json_reply


class ApiError(Exception):
    """One refusal of the API. `fields` None leaves the key out of the body, as Salesforce does for queries."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: Sequence[str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields
        self.extra = dict(extra or {})

    def as_rest(self) -> dict[str, Any]:
        """The member of the error array of a single-record call: the code is called `errorCode`."""
        fields = {} if self.fields is None else {"fields": list(self.fields)}
        return {**self.extra, "message": self.message, "errorCode": self.code, **fields}

    def as_save(self) -> dict[str, Any]:
        """The failed SaveResult of a collection: the code is called `statusCode` and there is no id."""
        error = {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ()), **self.extra}
        return {"success": False, "errors": [error]}

    def reply(self) -> Reply:
        """The HTTP answer of a single-record call."""
        return json_reply(self.status, [self.as_rest()])


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    """404 as recorded from a real org."""
    return ApiError("NOT_FOUND", message, status=404)
