"""The XML files as they are published."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from tests.connectors.gleif.rows import A, B, C

from leadsync.errors import Unreadable
from leadsync_gleif import Index, load

LEVEL_1 = f"""<?xml version="1.0" encoding="UTF-8"?>
<lei:LEIData xmlns:lei="http://www.gleif.org/data/schema/leidata/2016">
 <lei:LEIHeader><lei:RecordCount>2</lei:RecordCount></lei:LEIHeader>
 <lei:LEIRecords>
  <lei:LEIRecord>
   <lei:LEI>{A}</lei:LEI>
   <lei:Entity>
    <lei:LegalName xml:lang="ja">トヨタ自動車株式会社</lei:LegalName>
    <lei:OtherEntityNames>
     <lei:OtherEntityName xml:lang="en" type="ALTERNATIVE_LANGUAGE_LEGAL_NAME">TOYOTA MOTOR</lei:OtherEntityName>
     <lei:OtherEntityName xml:lang="en" type="PREVIOUS_LEGAL_NAME">Toyota Looms</lei:OtherEntityName>
    </lei:OtherEntityNames>
    <lei:LegalAddress><lei:City>豊田市</lei:City><lei:Country>JP</lei:Country></lei:LegalAddress>
    <lei:EntityCategory>GENERAL</lei:EntityCategory>
    <lei:EntityStatus>ACTIVE</lei:EntityStatus>
    <lei:SuccessorEntity><lei:SuccessorLEI>{B}</lei:SuccessorLEI></lei:SuccessorEntity>
   </lei:Entity>
   <lei:Registration><lei:RegistrationStatus>MERGED</lei:RegistrationStatus></lei:Registration>
  </lei:LEIRecord>
  <lei:LEIRecord>
   <lei:LEI>{B}</lei:LEI>
   <lei:Entity><lei:LegalName>Beta AG</lei:LegalName>
    <lei:LegalAddress><lei:Country>NA</lei:Country></lei:LegalAddress></lei:Entity>
   <lei:Registration><lei:RegistrationStatus>ISSUED</lei:RegistrationStatus></lei:Registration>
  </lei:LEIRecord>
 </lei:LEIRecords>
</lei:LEIData>
"""

LEVEL_2 = f"""<?xml version="1.0" encoding="UTF-8"?>
<rr:RelationshipData xmlns:rr="http://www.gleif.org/data/schema/rr/2016"><rr:RelationshipRecords>
 <rr:RelationshipRecord>
  <rr:Relationship>
   <rr:StartNode><rr:NodeID>{A}</rr:NodeID><rr:NodeIDType>LEI</rr:NodeIDType></rr:StartNode>
   <rr:EndNode><rr:NodeID>{B}</rr:NodeID><rr:NodeIDType>LEI</rr:NodeIDType></rr:EndNode>
   <rr:RelationshipType>IS_DIRECTLY_CONSOLIDATED_BY</rr:RelationshipType>
   <rr:RelationshipPeriods>
    <rr:RelationshipPeriod><rr:StartDate>2020-01-01T00:00:00Z</rr:StartDate>
     <rr:EndDate>2020-12-31T00:00:00Z</rr:EndDate><rr:PeriodType>ACCOUNTING_PERIOD</rr:PeriodType></rr:RelationshipPeriod>
    <rr:RelationshipPeriod><rr:StartDate>2012-05-06T00:00:00Z</rr:StartDate>
     <rr:PeriodType>RELATIONSHIP_PERIOD</rr:PeriodType></rr:RelationshipPeriod>
   </rr:RelationshipPeriods>
   <rr:RelationshipStatus>ACTIVE</rr:RelationshipStatus>
  </rr:Relationship>
  <rr:Registration><rr:RegistrationStatus>LAPSED</rr:RegistrationStatus></rr:Registration>
 </rr:RelationshipRecord>
</rr:RelationshipRecords></rr:RelationshipData>
"""

EXCEPTIONS = f"""<?xml version="1.0" encoding="UTF-8"?>
<repex:ReportingExceptionData xmlns:repex="http://www.gleif.org/data/schema/repex/2016"><repex:ReportingExceptions>
 <repex:Exception><repex:LEI>{B}</repex:LEI>
  <repex:ExceptionCategory>DIRECT_ACCOUNTING_CONSOLIDATION_PARENT</repex:ExceptionCategory>
  <repex:ExceptionReason>NATURAL_PERSONS</repex:ExceptionReason></repex:Exception>
</repex:ReportingExceptions></repex:ReportingExceptionData>
"""


def files(tmp_path: Path, *texts: str) -> list[Path]:
    paths = [tmp_path / f"{n}.xml" for n in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_xml_holds_what_csv_does(tmp_path: Path) -> None:
    report = load(files(tmp_path, LEVEL_1, LEVEL_2, EXCEPTIONS), tmp_path / "index")
    assert (report.entities, report.relations, report.exceptions) == (2, 1, 1)
    index = Index.open(tmp_path / "index")
    toyota = index.entity(A)
    assert toyota is not None
    assert (toyota.name, toyota.country, toyota.legal.city) == ("トヨタ自動車株式会社", "JP", "豊田市")
    assert toyota.other_names == (
        ("TOYOTA MOTOR", "ALTERNATIVE_LANGUAGE_LEGAL_NAME"),
        ("Toyota Looms", "PREVIOUS_LEGAL_NAME"),
    )
    assert (toyota.registration, toyota.successors) == ("MERGED", (B,))
    beta = index.entity(B)
    assert beta is not None
    assert beta.country == "NA"
    (relation,) = index.relations(A)
    assert (relation.registration, relation.until) == ("LAPSED", None)
    assert relation.since is not None
    assert relation.since.isoformat() == "2012-05-06"
    assert index.exception_codes(B) == ("NATURAL_PERSONS", "")
    assert index.entity(C) is None
    index.close()


def test_xml_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="broken or cut short"):
        load(files(tmp_path, LEVEL_1[:900]), tmp_path / "index")
    with pytest.raises(Unreadable, match="no records"):
        load(files(tmp_path, "<nothing/>"), tmp_path / "other")


@pytest.mark.parametrize("where", ["{}", "<rr:Extension>{}</rr:Extension>"], ids=["in the record", "in its extension"])
def test_a_retraction_is_seen_wherever_it_stands(tmp_path: Path, where: str) -> None:
    load(files(tmp_path, LEVEL_1, LEVEL_2), tmp_path / "index")
    end = "</rr:RelationshipRecord>"
    gone = LEVEL_2.replace(end, where.format("<rr:DeletedAt>2026-11-20T00:00:00Z</rr:DeletedAt>") + end)
    delta = tmp_path / "delta.xml"
    delta.write_text(gone, encoding="utf-8")
    load([delta], tmp_path / "index", delta=True)
    with closing(Index.open(tmp_path / "index")) as index:
        assert not index.relations(A)
