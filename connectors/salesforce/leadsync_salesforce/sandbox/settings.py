"""The named switches of a sandbox org: what a seed's "settings" may set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class OrgSettings:
    """How this org behaves. Times in seconds.

    `format_us_phones`: ten-digit numbers become "(555) 123-4567", as the web page does for US locales.
    `lower_case_emails`: e-mail addresses are stored in lower case.
    `page_size`: rows in a query page at most; the header batchSize can only lower it.
    `visibility_lag_seconds`: SOQL shows a change only so long after its SystemModstamp; reads by id at once.
    `limit_info`: the header Sforce-Limit-Info "plain", with "bursts", or "absent".
    `date_skew_seconds`: how far the Date header is ahead of the org's clock.
    `bulk_polls`: how often a bulk job says InProgress before it ends; `bulk_outcome` is the state it ends in.
    `bulk_rows`: rows in a page of a bulk query's results at most.
    `read_only_objects`: objects that no user has the right to write, e.g. ["Task"].
    `field_access`: {"Lead.X__c": "hidden" | "read" | "edit"}, over what permission sets grant.
    `soap_login`: whether SOAP login() works for versions up to 64.0; it is off in new orgs.
    `jwt_public_keys`: PEM public key by client id, for the JWT bearer flow.
    `trigger_bears`: {"Lead": 50}: how many records at once an object's trigger gets through within Apex's limits.
    `record_faults`: [{"object", "where", "code", "message", "times"}]: writes of matching records fail so often.
    """

    format_us_phones: bool = True
    lower_case_emails: bool = True
    page_size: int = 2000
    locator_seconds: float = 2 * 24 * 3600
    visibility_lag_seconds: float = 0
    limit_info: str = "plain"
    api_limit: int = 100_000
    date_skew_seconds: float = 0
    session_seconds: float = 2 * 3600
    bulk_polls: int = 0
    bulk_outcome: str = "JobComplete"
    bulk_rows: int = 100_000
    field_access: Mapping[str, str] = field(default_factory=dict)
    read_only_objects: tuple[str, ...] = ()
    soap_login: bool = False
    jwt_public_keys: Mapping[str, str] = field(default_factory=dict)
    trigger_bears: Mapping[str, int] = field(default_factory=dict)
    record_faults: tuple[Mapping[str, Any], ...] = ()

    def changed(self, given: Mapping[str, Any]) -> OrgSettings:
        """These settings with some changed; raises ValueError naming what is unknown."""
        known = {f.name for f in fields(self)}
        if unknown := set(given) - known:
            raise ValueError(f"unknown settings {sorted(unknown)}; known: {', '.join(sorted(known))}")
        _check("limit_info", [given.get("limit_info", "plain")], ("plain", "bursts", "absent"))
        _check("bulk_outcome", [given.get("bulk_outcome", "Failed")], ("JobComplete", "Failed", "Aborted"))
        _check("field_access", given.get("field_access", {}).values(), ("hidden", "read", "edit"))
        changes: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
        return replace(self, **changes)


def _check(name: str, given: Iterable[object], known: tuple[str, ...]) -> None:
    if unknown := [value for value in given if value not in known]:
        raise ValueError(f"setting {name}: {unknown[0]!r} is none of {', '.join(known)}")
