"""Every rule in one table: its code, how bad it is by default, the reason code a bank would answer with, who acts.

An error refuses the file; a hold lets it wait for a person, who lets it go on or gives it up. A bank's profile may
change the severity of a rule or waive it for a time (``[rules]``), but not of those marked ``fixed``: without them
there is no payment that could be sent. The checks themselves are in the modules beside this.
"""

from __future__ import annotations

from dataclasses import dataclass

from h2h.core.findings import Severity, WhoActs


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``reason`` is of ExternalStatusReason1Code; a check may name a more exact one."""

    code: str
    title: str
    severity: Severity
    who_acts: WhoActs
    next_step: str
    reason: str | None = None
    fixed: bool = False


E, H, W, I = Severity.ERROR, Severity.HOLD, Severity.WARNING, Severity.INFO  # noqa: E741 - columns of the table
AP, ERP, ADMIN = WhoActs.ACCOUNTS_PAYABLE, WhoActs.ERP_TEAM, WhoActs.SYSTEM_ADMINISTRATOR
TREASURY, NOBODY = WhoActs.TREASURY, WhoActs.NOBODY

_AGAIN = "correct it in the ERP and export again"

_RULES = (
    # The file as a file.
    Rule("H2H-EMPTY", "the file holds at least one payment", E, ERP, "find out why the export was empty", "TD01", True),
    Rule("H2H-ENCODING", "every byte is text in the declared encoding", E, ERP,
         "export in the declared encoding, or have the profile declare the real one", "RR10", True),
    Rule("H2H-NUL", "no NUL bytes", E, ERP, "export the file again", "FF01", True),
    Rule("H2H-DELIMITED", "every row has the header's fields and closed quotes", E, ERP, _AGAIN, "FF01", True),
    Rule("H2H-COLUMNS", "every declared column is there, every other is knowingly ignored", E, ERP,
         "correct the export, or name the column in fields or ignore_columns", "FF01", True),
    Rule("H2H-BLANK-ROW", "no rows without values", W, NOBODY, "leave out blank rows"),
    Rule("H2H-TRAILER", "the trailer's count and sum are those of the rows", E, ERP,
         "export again; the file may be incomplete", "AM18", True),
    Rule("H2H-LIMIT", "the file keeps within the limits of size", E, ERP, "split the file", "FF01", True),
    Rule("H2H-MISSING", "required values are there", E, AP, _AGAIN, "CH21", True),
    Rule("H2H-FORM", "dates, flags and numbers are written as declared", E, ERP,
         "export in the declared form, or have the profile declare the real one", "CH16", True),
    Rule("H2H-EXCEL", "no account that a spreadsheet turned into a number", E, AP,
         "format the column as text before exporting; the lost digits must come from the ERP", "AC01", True),
    Rule("H2H-EXCEL-DIGITS", "no account whose last digits a spreadsheet may have set to zero", H, AP,
         "compare the account with the ERP", "AC01"),
    Rule("H2H-EXCEL-ZEROS", "no account in a number cell, which has no leading zeros", W, AP,
         "compare the account with the ERP; format the column as text", "AC01"),
    Rule("H2H-RECORD", "every record is of a known sort and whole", E, ERP,
         "export again, or have the profile declare the real records", "FF01", True),
    Rule("H2H-SPREADSHEET", "the sheet is a plain table of values", E, ERP, _AGAIN, "FF01", True),
    Rule("H2H-SPREADSHEET-HIDDEN", "nothing that is paid is hidden", E, AP, "show it, look at it, and save again",
         "FF01"),
    Rule("H2H-SPREADSHEET-SHEETS", "a workbook whose sheet is not named has one", W, ERP,
         "name the sheet in the profile, or take the others away"),
    Rule("H2H-JSON", "the file is JSON, no key stands twice, every payment is an object", E, ERP, _AGAIN, "FF01", True),
    # Counts, sums, ids.
    Rule("H2H-COUNT", "stated numbers of transactions are those counted", E, ERP, "export again; never edit by hand",
         "AM18"),
    Rule("H2H-SUM", "stated control sums are those added up", E, ERP, "export again; never edit by hand", "AM10"),
    Rule("H2H-DUPLICATE-ID", "ids are unique in the file", E, AP,
         "find out whether it is the same payment twice before giving a new id", "DU04"),
    Rule("H2H-DUPLICATE-PAYMENT", "no payment stands twice under different ids", H, TREASURY,
         "compare both before the payee is paid twice", "AM05"),
    Rule("H2H-ID", "ids hold only characters every bank passes on, and no odd slashes", E, ERP, _AGAIN, "CH16"),
    Rule("H2H-UETR", "a UETR is a lower-case UUID version 4", E, ERP, _AGAIN, "CH16"),
    # Accounts and banks.
    Rule("H2H-IBAN", "IBANs have their country's structure and check digits", E, AP,
         "ask the payee for the account again, by a known telephone number", "AC01"),
    Rule("H2H-ACCOUNT", "the account to pay from is one of this bank's accounts", E, TREASURY,
         "choose another account in the ERP, or add it to the bank's profile", "AC02"),
    Rule("H2H-ACCOUNT-FORM", "account numbers that are no IBAN hold only letters, digits and signs", E, AP, _AGAIN,
         "AC01"),
    Rule("H2H-SCHEME", "what the scheme forbids is not there", E, AP, _AGAIN, "AG03"),
    Rule("H2H-BIC", "BICs are well-formed", E, AP, _AGAIN, "RC01"),
    Rule("H2H-BIC-COUNTRY", "BIC and IBAN are of one country", W, AP, "compare both with the payee's invoice", "RC01"),
    Rule("H2H-CLEARING", "clearing codes have the shape of their system", E, AP, _AGAIN, "RC08"),
    Rule("H2H-BANK-UNKNOWN", "the payee's bank stands in the profile's directory on the day of execution", W, AP,
         "ask the payee for the bank's number; where it is right, renew the directory", "AC08"),
    Rule("H2H-BANK-SCHEME", "the payee's bank is reached by the scheme that is asked for", W, AP,
         "choose another way to pay, or renew the directory", "CNOR"),
    Rule("H2H-BANK-NAME", "the name of the payee's bank is the one that the directory has for its number", W, AP,
         "compare both with the payee's invoice", "AC08"),
    Rule("H2H-STOPPED", "nobody on the profile's list of stopped payees is paid", E, TREASURY,
         "find out why the payee was stopped; take the payment out, or the payee off the list", "RR04"),
    Rule("H2H-TEMPLATE", "payments to agreed payees keep to what was agreed", H, TREASURY,
         "ask the payee, by a known telephone number, what is right; then correct the template or the ERP", "FRAD"),
    Rule("H2H-PAYEE-CHANGED", "payees who were paid before are paid on an account that was used before", H, TREASURY,
         "ask the payee, by a known telephone number, whether the account is theirs", "FRAD"),
    # Direct debits.
    Rule("H2H-MANDATE", "direct debits name a mandate and the day on which it was signed", E, AP,
         "complete the mandate in the ERP; without one nothing may be collected", "MD01"),
    Rule("H2H-AMENDMENT", "an amended mandate says what it was before, and no other does", E, AP, _AGAIN, "MD02"),
    Rule("H2H-SEQUENCE", "sequence types are known, and first, last and only collections of a mandate stand once", E,
         AP, _AGAIN, "AG02"),
    Rule("H2H-CREDITOR-ID", "creditor identifiers have good check digits", E, ERP,
         "copy the identifier from the notice of the authority that gave it", "BE05"),
    # Money and dates.
    Rule("H2H-AMOUNT", "amounts are positive and within limits", E, AP, _AGAIN, "AM12"),
    Rule("H2H-DECIMALS", "amounts have no more decimals than their currency", E, AP, _AGAIN, "CH20"),
    Rule("H2H-CURRENCY", "currencies exist, and are one per instruction", E, AP, _AGAIN, "AM03"),
    Rule("H2H-DATE-PAST", "the execution date is not past", W, TREASURY,
         "expect the bank to pay on its next business day", "CH04"),
    Rule("H2H-DATE-FAR", "the execution date is not too far ahead", E, TREASURY, "send it later", "CH03"),
    Rule("H2H-DATE-HOLIDAY", "the execution date is no day on which the profile's calendar rests (SEPA: TARGET)", W,
         TREASURY, "expect the bank to pay on its next working day", "DT03"),
    Rule("H2H-DATE-CALENDAR", "the profile's calendar knows the execution date", I, ADMIN,
         "add the year's days to the profile (closed_days, worked_days, calendar_until), or update h2h"),
    Rule("H2H-DATE-CUTOFF", "the bank still takes files on the execution date", W, TREASURY,
         "cancel the file before you pay another way; left alone it waits, and then for a person (H9-LATE)", "TM01"),
    Rule("H2H-ACCOUNT-CURRENCY", "payments are in the currency of the account that pays", W, TREASURY,
         "make sure that the exchange is meant, or choose an account in that currency", "AM03"),
    Rule("H2H-EQUIVALENT", "amounts are said in the currency in which they are paid", W, ERP,
         "ask the bank whether it takes EqvtAmt, or export the amount that is to be paid", "AM03"),
    Rule("H2H-FILE-LIMIT", "the file keeps within the profile's limits of payments and amounts", E, TREASURY,
         "split the file, or have the limit raised by those who may", "AM21"),
    Rule("H2H-DAY-LIMIT", "what leaves on one day keeps within the limits of account, folder and bank", H, TREASURY,
         "find out whether so much is meant to leave today; let it go on, or give it up", "AM14"),
    Rule("H2H-DATE-WEEKEND", "the execution date is no Saturday or Sunday, unless the calendar says that it is worked",
         W, TREASURY, "expect the bank to pay on its next working day", "DT03"),
    # Names, texts, addresses, codes.
    Rule("H2H-NAME", "parties have names", E, AP, _AGAIN, "BE22"),
    Rule("H2H-CHARSET", "texts hold only characters this bank takes", E, AP,
         'correct it in the ERP, or set on_charset = "transliterate" in the bank\'s profile', "RR10"),
    Rule("H2H-TRANSLITERATED", "texts written with other letters for this bank are reported", I, NOBODY, ""),
    Rule("H2H-LENGTH", "nothing is longer than the bank takes", E, AP, _AGAIN, "CH16"),
    Rule("H2H-TRUNCATED", "no text stops exactly where an export would cut it", W, AP,
         "compare it with the ERP's master data", "RR08"),
    Rule("H2H-ADDRESS", "addresses are structured or hybrid: town and country, at most two lines", E, AP,
         "complete town and country in the ERP's master data", "BE04"),
    Rule("H2H-ADDRESS-SOON", "addresses are ready for the profile's date", W, AP,
         "complete town and country in the ERP's master data", "BE04"),
    Rule("H2H-ADDRESS-REPEATS", "address lines do not repeat the town", W, AP, "leave it out of the lines", "BE04"),
    Rule("H2H-COUNTRY", "countries are of ISO 3166", E, AP, _AGAIN, "BE09"),
    Rule("H2H-CODE", "codes have the shape of their lists", E, ERP, _AGAIN, "FF03"),
    Rule("H2H-CODE-UNKNOWN", "codes are in ISO's external lists", W, ERP,
         "compare the code with the bank's list; add nothing of one's own", "FF03"),
    Rule("H2H-CODE-MIXED", "salaries and pensions stand by themselves", W, AP,
         "export them in a file, or with a date, of their own", "FF06"),
    Rule("H2H-CHARGES-EEA", "within the European Economic Area each side bears its own charges", W, ERP, _AGAIN,
         "BE19"),
    Rule("H2H-CNY-PURPOSE", "renminbi across the border name their purpose", W, AP,
         "add the purpose code that the bank wants for the balance of payments", "RR05"),
    Rule("H2H-CHARGES", "charge bearer and service level fit", E, ERP, _AGAIN, "BE19"),
    Rule("H2H-CHARGES-LEVEL", "charge bearer SLEV comes with a service level that says who bears what", W, ERP, _AGAIN,
         "BE19"),
    Rule("H2H-REFERENCE", "structured creditor references have good check digits", E, AP,
         "copy the reference from the invoice again", "RR09"),
    Rule("H2H-LEI", "LEIs have good check digits", E, AP, _AGAIN, "RR12"),
    # What a scheme's profile or the bank itself demands, each with its clause (``core/rules/usage.py``).
    Rule("H2H-USAGE", "the usage rules of the profile hold; each is named and may be waived by its name", E, AP, _AGAIN,
         "CH16"),
    # Waivers.
    Rule("H2H-WAIVED", "uses of a waiver are counted", I, NOBODY, "", None, True),
    Rule("H2H-WAIVER-EXPIRED", "a waiver is in force only until its date", E, ADMIN,
         "renew or remove the waiver in the bank's profile", None, True),
    Rule("H2H-MORE", "findings beyond the limit are counted", I, NOBODY, "", None, True),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.code: rule for rule in _RULES}
