"""The columns of GLEIF's Golden Copy CSV files (LEI-CDF 3.1, RR-CDF, reporting exceptions) and a writer for them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

REPEATS = range(1, 6)  # each repeating group is spread over five sets of columns
PLACE = (
    "FirstAddressLine AddressNumber AddressNumberWithinBuilding MailRouting AdditionalAddressLine.1 "
    "AdditionalAddressLine.2 AdditionalAddressLine.3 City Region Country PostalCode"
).split()
AFFECTED = [f"AffectedFields.{n}.{part}" for n in REPEATS for part in ("AffectedField", "field_xpath")]
EVENT = [
    "group_type", "event_status", "group_id", "group_sequence_no", "LegalEntityEventType",
    "LegalEntityEventEffectiveDate", "LegalEntityEventRecordedDate", "ValidationDocuments", "ValidationReference",
    *AFFECTED,
]  # fmt: skip


def _names(group: str, item: str) -> list[str]:
    return [f"Entity.{group}.{item}.{n}{tail}" for n in REPEATS for tail in ("", ".xmllang", ".type")]


def _address(prefix: str, first: Sequence[str]) -> list[str]:
    return [f"{prefix}.{part}" for part in (*first, *PLACE)]


def _addresses(group: str, item: str) -> list[str]:
    return [name for n in REPEATS for name in _address(f"Entity.{group}.{item}.{n}", ("xmllang", "type"))]


def _each(template: str, parts: Sequence[str]) -> list[str]:
    return [f"{template.format(n)}.{part}" for n in REPEATS for part in parts]


def _authority(prefix: str, word: str) -> list[str]:
    return [f"{prefix}.{word}ID", f"{prefix}.Other{word}ID", f"{prefix}.{word}EntityID"]


def _other_authorities() -> list[str]:
    prefix = "Registration.OtherValidationAuthorities.OtherValidationAuthority"
    return [name for n in REPEATS for name in _authority(f"{prefix}.{n}", "ValidationAuthority")]


LEI2: tuple[str, ...] = (
    "LEI",
    "Entity.LegalName",
    "Entity.LegalName.xmllang",
    *_names("OtherEntityNames", "OtherEntityName"),
    *_names("TransliteratedOtherEntityNames", "TransliteratedOtherEntityName"),
    *_address("Entity.LegalAddress", ("xmllang",)),
    *_address("Entity.HeadquartersAddress", ("xmllang",)),
    *_addresses("OtherAddresses", "OtherAddress"),
    *_addresses("TransliteratedOtherAddresses", "TransliteratedOtherAddress"),
    *_authority("Entity.RegistrationAuthority", "RegistrationAuthority"),
    "Entity.LegalJurisdiction",
    "Entity.EntityCategory",
    "Entity.EntitySubCategory",
    "Entity.LegalForm.EntityLegalFormCode",
    "Entity.LegalForm.OtherLegalForm",
    "Entity.AssociatedEntity.type",
    "Entity.AssociatedEntity.AssociatedLEI",
    "Entity.AssociatedEntity.AssociatedEntityName",
    "Entity.AssociatedEntity.AssociatedEntityName.xmllang",
    "Entity.EntityStatus",
    "Entity.EntityCreationDate",
    "Entity.EntityExpirationDate",
    "Entity.EntityExpirationReason",
    *_each("Entity.SuccessorEntity.{}", ("SuccessorLEI", "SuccessorEntityName", "SuccessorEntity.xmllang")),
    *_each("Entity.LegalEntityEvents.LegalEntityEvent.{}", EVENT),
    "Registration.InitialRegistrationDate",
    "Registration.LastUpdateDate",
    "Registration.RegistrationStatus",
    "Registration.NextRenewalDate",
    "Registration.ManagingLOU",
    "Registration.ValidationSources",
    *_authority("Registration.ValidationAuthority", "ValidationAuthority"),
    *_other_authorities(),
    "ConformityFlag",
)
"""The 338 columns of `lei2`, in the order of the published file."""

RR: tuple[str, ...] = (
    "Relationship.StartNode.NodeID",
    "Relationship.StartNode.NodeIDType",
    "Relationship.EndNode.NodeID",
    "Relationship.EndNode.NodeIDType",
    "Relationship.RelationshipType",
    "Relationship.RelationshipStatus",
    *_each("Relationship.Period.{}", ("startDate", "endDate", "periodType")),
    *_each("Relationship.Qualifiers.{}", ("QualifierDimension", "QualifierCategory")),
    *_each("Relationship.Quantifiers.{}", ("MeasurementMethod", "QuantifierAmount", "QuantifierUnits")),
    "Registration.InitialRegistrationDate",
    "Registration.LastUpdateDate",
    "Registration.RegistrationStatus",
    "Registration.NextRenewalDate",
    "Registration.ManagingLOU",
    "Registration.ValidationSources",
    "Registration.ValidationDocuments",
    "Registration.ValidationReference",
)
"""The 54 columns of `rr`."""

REPEX: tuple[str, ...] = (
    "LEI",
    "Exception.Category",
    *[f"Exception.{part}.{n}" for n in REPEATS for part in ("Reason", "Reference")],
)
"""The columns of `repex`."""


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """A file as GLEIF publishes it: UTF-8, a header, every value quoted. Raises ValueError for an unknown column."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
