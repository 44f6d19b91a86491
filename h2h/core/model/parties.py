"""Who pays, who is paid, where the accounts are (ISO 20022 PartyIdentification, CashAccount, BranchAndFinancial…)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """PostalAddress24. Structured: no lines. Hybrid: town, country and at most two lines. Unstructured: lines only."""

    department: str | None = None
    sub_department: str | None = None
    street_name: str | None = None
    building_number: str | None = None
    building_name: str | None = None
    floor: str | None = None
    post_box: str | None = None
    room: str | None = None
    post_code: str | None = None
    town_name: str | None = None
    town_location_name: str | None = None
    district_name: str | None = None
    country_sub_division: str | None = None
    country: str | None = None
    address_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """PartyIdentification135. ``identification`` is OrgId or PrvtId/Othr/Id, ``identification_scheme`` its SchmeNm."""

    name: str | None = None
    postal_address: PostalAddress | None = None
    any_bic: str | None = None
    lei: str | None = None
    identification: str | None = None
    identification_scheme: str | None = None
    private: bool = False
    country_of_residence: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """CashAccount38: an IBAN, or another number with its scheme."""

    iban: str | None = None
    other: str | None = None
    scheme: str | None = None
    currency: str | None = None
    name: str | None = None

    @property
    def number(self) -> str | None:
        """The account number as people know it."""
        return self.iban or self.other


@dataclass(frozen=True, slots=True)
class Agent:
    """BranchAndFinancialInstitutionIdentification6."""

    bic: str | None = None
    clearing_system: str | None = None
    member_id: str | None = None
    name: str | None = None
    postal_address: PostalAddress | None = None
    other: str | None = None
