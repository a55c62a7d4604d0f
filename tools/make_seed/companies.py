"""Companies as people typed them into the two CRMs, each with the LEI that is right for it."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from tools.make_seed.committed import FACTS

INDUSTRIES = {
    "apparel": ("APPAREL_FASHION", "Apparel"),
    "automotive": ("AUTOMOTIVE", "Manufacturing"),
    "aviation": ("AVIATION_AEROSPACE", "Manufacturing"),
    "banking": ("BANKING", "Banking"),
    "chemicals": ("CHEMICALS", "Chemicals"),
    "construction": ("CONSTRUCTION", "Construction"),
    "consumer": ("CONSUMER_GOODS", "Manufacturing"),
    "electronics": ("CONSUMER_ELECTRONICS", "Electronics"),
    "energy": ("RENEWABLES_ENVIRONMENT", "Energy"),
    "finance": ("FINANCIAL_SERVICES", "Finance"),
    "food": ("FOOD_BEVERAGES", "Food & Beverage"),
    "insurance": ("INSURANCE", "Insurance"),
    "machinery": ("MACHINERY", "Machinery"),
    "media": ("MARKETING_AND_ADVERTISING", "Media"),
    "medical": ("MEDICAL_DEVICES", "Healthcare"),
    "oil": ("OIL_ENERGY", "Energy"),
    "packaging": ("PACKAGING_AND_CONTAINERS", "Manufacturing"),
    "pharma": ("PHARMACEUTICALS", "Biotechnology"),
    "retail": ("RETAIL", "Retail"),
    "software": ("COMPUTER_SOFTWARE", "Technology"),
    "technology": ("INFORMATION_TECHNOLOGY_AND_SERVICES", "Technology"),
    "telecom": ("TELECOMMUNICATIONS", "Telecommunications"),
    "transport": ("TRANSPORTATION_TRUCKING_RAILROAD", "Transportation"),
}
"""An industry's option in HubSpot's and in Salesforce's standard list."""

SPELLINGS = {
    "AE": ("United Arab Emirates", "UAE"),
    "AT": ("Austria", "Österreich", "AT"),
    "AU": ("Australia", "AU"),
    "BE": ("Belgium", "Belgique", "België"),
    "BR": ("Brasil", "Brazil", "BR"),
    "CA": ("Canada", "CA"),
    "CH": ("Switzerland", "Schweiz", "CH", "Suisse"),
    "CI": ("Côte d'Ivoire", "Ivory Coast"),
    "CN": ("China", "P.R. China", "CN"),
    "CZ": ("Czech Republic", "Czechia", "CZ"),
    "DE": ("Germany", "Deutschland", "DE", "Allemagne", "germany"),
    "DK": ("Denmark", "Danmark", "DK"),
    "ES": ("Spain", "España", "ES"),
    "FI": ("Finland", "Suomi", "FI"),
    "FR": ("France", "FR", "FRANCE"),
    "GB": ("United Kingdom", "UK", "GB", "England", "Great Britain"),
    "GT": ("Guatemala",),
    "IE": ("Ireland", "IE"),
    "IN": ("India", "IN", "INDIA"),
    "IT": ("Italy", "Italia", "IT"),
    "JP": ("Japan", "JP"),
    "KR": ("South Korea", "Korea", "Republic of Korea"),
    "MO": ("Macau", "Macao"),
    "MX": ("Mexico", "México"),
    "NA": ("NA", "Namibia"),
    "NL": ("Netherlands", "The Netherlands", "Nederland", "NL", "Holland"),
    "NO": ("Norway", "Norge", "NO"),
    "NP": ("Nepal",),
    "PE": ("Perú", "Peru"),
    "PL": ("Poland", "Polska", "PL"),
    "PR": ("Puerto Rico",),
    "PT": ("Portugal",),
    "SE": ("Sweden", "Sverige", "SE"),
    "SG": ("Singapore", "SG"),
    "SI": ("Slovenia", "Slovenija"),
    "SV": ("El Salvador",),
    "US": ("United States", "USA", "US", "U.S.A.", "United States of America"),
    "UY": ("Uruguay",),
}
"""How people write a country: its name, its code, its name in another language."""

CODES = {spelling: code for code, spellings in SPELLINGS.items() for spelling in spellings}


@dataclass(frozen=True, slots=True)
class Typed:
    """A company's name and place as somebody typed them."""

    name: str
    country: str
    city: str


@dataclass(frozen=True, slots=True)
class Company:
    """One company; `lei` is "" when no LEI is the right answer, `why` says why it is in the seed."""

    key: str
    lei: str
    why: str
    domain: str
    industry: str
    employees: int | None
    hubspot: Typed | None
    salesforce: Typed | None
    variants: tuple[str, ...]

    @property
    def typed(self) -> Typed:
        """Either CRM's spelling."""
        found = self.hubspot or self.salesforce
        if found is None:
            raise ValueError(f"{self.key} is in neither CRM")
        return found

    @property
    def country(self) -> str:
        """ISO 3166-1 alpha-2, or "" where nobody typed a country."""
        return CODES[self.typed.country] if self.typed.country else ""

    @property
    def invented(self) -> bool:
        """Whether it is no real company."""
        return self.domain.endswith(".example")


def load() -> list[Company]:
    """The companies of `facts/companies.csv`, in its order."""
    with (FACTS / "companies.csv").open(encoding="utf-8", newline="") as file:
        return [_company(row) for row in csv.DictReader(file, delimiter="|")]


def _company(row: dict[str, str]) -> Company:
    return Company(
        key=row["key"],
        lei=row["lei"],
        why=row["why"],
        domain=row["domain"],
        industry=row["industry"],
        employees=int(row["employees"]) if row["employees"] else None,
        hubspot=_typed(row["hubspot"], row["hs_country"], row["hs_city"]),
        salesforce=_typed(row["salesforce"], row["sf_country"], row["sf_city"]),
        variants=tuple(name for name in row["variants"].split(";") if name),
    )


def _typed(name: str, country: str, city: str) -> Typed | None:
    return Typed(name, country, city) if name else None
