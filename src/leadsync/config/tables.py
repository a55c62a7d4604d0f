"""The shape of config.toml: its tables and keys, their defaults, and what each means."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from leadsync.config.cron import check_cron
from leadsync.gates import Limits
from leadsync.mapping.duration import Duration
from leadsync.mapping.schema import Strict
from leadsync.quota import Shares
from leadsync.resolve import ResolveSettings

LIMITS = Limits()
SHARES = Shares()


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{name}" is not a time zone; it is written like "Europe/Berlin" or "UTC"') from None
    return name


class ScheduleTable(Strict):
    """[schedule]: when the daemon runs."""

    every: Duration = Field(default=timedelta(minutes=15), description="From one cycle's start to the next.")
    cron: Annotated[str, AfterValidator(check_cron)] = Field(default="", description="A cron line instead of `every`.")
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(default="UTC", description="The cron line's time zone.")
    jitter: Duration = Field(default=timedelta(0), description="Starts are moved by chance by up to so long.")

    @model_validator(mode="after")
    def _one_of_two(self) -> ScheduleTable:
        if self.cron and {"every", "jitter"} & self.model_fields_set:
            raise ValueError('give either "cron" or "every" (with "jitter"), not both')
        if self.every < timedelta(seconds=1):
            raise ValueError('"every" is at least a second')
        return self


class SyncTable(Strict):
    """[sync]: how much one run may change before a person is asked, and how the engine watches over itself."""

    max_overwritten_share: float = Field(
        default=LIMITS.max_overwritten_share, ge=0, le=1, description="Share of an object's overwritten records."
    )
    max_cleared_share: float = Field(
        default=LIMITS.max_cleared_share, ge=0, le=1, description="Share of an object's records with cleared fields."
    )
    max_created_share: float = Field(
        default=LIMITS.max_created_share, ge=0, le=1, description="New records, as a share of an object's records."
    )
    max_besides_share: float = Field(
        default=LIMITS.max_besides_share,
        ge=0,
        le=1,
        description="People that may join or leave one list or campaign, or get or lose a task, at once.",
    )
    max_shrunk_share: float = Field(
        default=LIMITS.max_shrunk_share,
        ge=0,
        le=1,
        description="Share of an object's records that may be gone at once.",
    )
    max_mean_shift: float = Field(
        default=LIMITS.max_mean_shift, ge=0, description="Points by which the mean score of known leads may move."
    )
    max_quota_share: float = Field(
        default=LIMITS.max_quota_share, ge=0, le=1, description="Share of a vendor's daily calls, whoever spent them."
    )
    floor: int = Field(default=LIMITS.floor, ge=0, description="Up to so many records anything goes.")
    baseline_first: bool = Field(
        default=LIMITS.baseline_first, description="Whether the very first run only takes stock and writes nothing."
    )
    flap_writes: int = Field(default=LIMITS.flap_writes, ge=1, description="A field undone so often is held.")
    flap_window: Duration = Field(default=LIMITS.flap_window, description="Within so long.")
    audit_every: Duration = Field(
        default=LIMITS.audit_every, description='Every record is read and compared so often; "0s" is never.'
    )


class QuotaTable(Strict):
    """[quota]: how much of what a vendor allows leadsync may use."""

    burst_share: float = Field(
        default=SHARES.burst, gt=0, le=1, description="Share of what is allowed within seconds; a request waits for it."
    )
    day_share: float = Field(default=SHARES.day, gt=0, le=1, description="Share of a day's requests.")


class ResolveTable(Strict):
    """[resolve]: companies to legal entities."""

    enabled: bool = Field(default=True, description="Whether companies are resolved at all.")
    threshold: float = Field(
        default=ResolveSettings().threshold, ge=0, le=1, description="A match less certain than this is none."
    )


class ConfigTable(Strict):
    """The whole file."""

    schema_version: Literal[1] = Field(alias="schema", description="The version of this file's form.")
    state: str = Field(default="state.db", description="The database leadsync keeps beside the CRMs.")
    mappings: str = Field(default="mappings", description="The folder with the mapping files.")
    schedule: ScheduleTable = ScheduleTable()
    sync: SyncTable = SyncTable()
    quota: QuotaTable = QuotaTable()
    resolve: ResolveTable = ResolveTable()
    connector: dict[str, dict[str, Any]] = Field(default_factory=dict)
