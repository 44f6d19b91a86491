"""Files that banks and ERPs do exchange, in formats that h2h does not read: what they are, and what to ask for instead.

Told only where the beginning makes it certain: each pattern is the first record as the format's own description lays it
out (named behind it), with its fixed parts. What stands in brackets is put in place of ``{}``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_STATEMENT = "ask the bank for the statement as camt.053 (or MT940) instead"
_ENTRIES = "ask the bank for camt.054 (or camt.053) instead"
_PAYMENTS = "let the ERP write the payments as pain.001, or in a form that its folder declares"
_COLLECTIONS = "let the ERP write the collections as pain.008"
_RETURNS = "ask the bank for pain.002 or camt.054 instead"
_BOTH = "ask for camt.053 and camt.054 in place of statements, and let the ERP write pain.001 or pain.008"
_OF_BANK = "h2h format list shows which of the bank's messages are read; ask for a statement or answer among these"
_MESSAGES = "of SWIFT's messages MT940, MT942, MT950 and MT101 are read; ask the bank for camt.053 or camt.054 instead"

_XML = r"\A\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)?"
_OLD = _XML + r"<(?:\w+:)?Document\b[^>]*urn:[a-z0-9:]+:xsd:\$?"


class BankFile(NamedTuple):
    """*words* complete "it looks like …", *next_step* "Next: …"; *begins* is asked of the text's beginning."""

    begins: re.Pattern[str]
    words: str
    next_step: str


def _file(pattern: str, words: str, next_step: str) -> BankFile:
    return BankFile(re.compile(pattern, re.DOTALL), words, next_step)


_FILES = (
    # Open Financial Exchange 1.0.3 and 2.2; Quicken Interchange Format
    _file(_XML + r"(?:OFXHEADER:|<\?OFX |<OFX>)", "OFX or QFX, which is made for home banking", _STATEMENT),
    _file(r"\A!(?:Type|Account|Option|Clear):", "QIF, which is made for home banking", _STATEMENT),
    # Febelfin: Coded statement of account 2, record 0
    _file(r"\A00000[0-9]{6}[0-9]{3}05[D ]", "a Belgian CODA statement", _STATEMENT),
    # DFÜ agreement, annex 3 before 2014: DTAUS record A, DTAZV record Q
    _file(r"\A0128A(?:[LG]K|[LG]B)[0-9]{8}", "a German DTAUS file, which SEPA replaced in 2014", _BOTH),
    _file(r"\A0(?:256|768)Q[0-9]{8}", "a German DTAZV file of payments abroad", _PAYMENTS),
    # AEB, cuadernos 43, 34.14 and 19.14/19.44
    _file(r"\A11[0-9]{30}[12][0-9]{14}[0-9]{3}", "a Spanish Norma 43 (AEB43) statement", _STATEMENT),
    _file(r"\A01ORD34", "a Spanish Cuaderno 34 file of payments", _PAYMENTS),
    _file(r"\A0119(?:143|154|445)[0-9]{3}", "a Spanish Cuaderno 19 file of collections", _COLLECTIONS),
    # Nacha Operating Rules, appendix three: file header; ASC X12 interchange header
    _file(r"\A101[ 0-9]{10}[ 0-9A-Z]{10}[0-9]{6}[0-9 ]{4}[A-Z0-9]094101", "an American NACHA (ACH) file", _BOTH),
    _file(r"\AISA[^A-Za-z0-9\s]00", "an X12 interchange (EDI)", _BOTH),
    # ISO 9735, service string advice and interchange header; D.96A bank messages
    _file(r"\A(?:UNA.{6}\s*)?UN[BG].UNO[A-Z].{0,400}?UNH.[^']{1,40}?[+:](PAYMUL|PAYEXT|PAYORD|DIRDEB|FINSTA|FINPAY|CREMUL|DEBMUL|CREADV"
          r"|DEBADV|CREEXT|BANSTA|BALANC|REMADV|CONTRL)[+:]", "an EDIFACT message {}", _BOTH),
    _file(r"\A(?:UNA.{6}\s*)?UNB.UNO[A-Z].", "an EDIFACT interchange", _BOTH),
    # CFONB: 160 (virements 03 02, prélèvements 03 08, LCR 03 60), 240 (rejets)
    _file(r"\A0302 {8}[0-9 ]{6}", "a French CFONB 160 file of payments", _PAYMENTS),
    _file(r"\A03(?:08|60)[ 0-9]{8}[0-9 ]{6}", "a French CFONB 160 file of collections or bills", _COLLECTIONS),
    _file(r"\A31[0-9]{6}[0-9A-Z]{2}[0-9]{6}[EF ]", "a French CFONB 240 file of returns", _RETURNS),
    # Bankgirot: BgMax, Autogiro, Leverantörsbetalningar; Nets (BBS); Telepay 2; PBS
    _file(r"\A01BGMAX {15}[0-9]{2}", "a Swedish BgMax file of payments received", _ENTRIES),
    _file(r"\A01(?:AUTOGIRO|[0-9]{8}AUTOGIRO)", "a Swedish Autogiro file", _COLLECTIONS),
    _file(r"\A11[0-9]{16}LEVERANT", "a Swedish file of supplier payments (Leverantörsbetalningar)", _PAYMENTS),
    _file(r"\ANY0000[0-9]{2}[0-9]{8}", "a Norwegian file of Nets (OCR giro, AvtaleGiro, Direkte Remittering)", _BOTH),
    _file(r"\AAH[0-9]{3}TBII", "a Norwegian Telepay file", _BOTH),
    _file(r"\A(?:BS|LS)002[0-9]{8}", "a Danish file of Betalingsservice", _COLLECTIONS),
    # Finance Finland: konekielinen tiliote (TITO), record T00
    _file(r"\AT00322[0-9]{3}", "a Finnish TITO statement", _STATEMENT),
    # Czech and Slovak banks: GPC record 074, ABO order
    _file(r"\A074[0-9]{16}.{20}[0-9]{6}[0-9]{14}[-+0]", "a Czech or Slovak ABO (GPC) statement", _STATEMENT),
    _file(r"\AUHL1[0-9]{6}", "a Czech or Slovak ABO file of orders", _PAYMENTS),
    # KIR: Elixir-0, transfers 110 and direct debits 210
    _file(r"\A\"?[125]10\"?,\"?20[0-9]{6}\"?,\"?[0-9]+\"?,\"?[0-9]{8}\"?,", "a Polish Elixir-0 file", _PAYMENTS),
    # CBI, standard text records: a blank, the kind, the sender's SIA code, the bank's ABI, the day
    _file(r"\A (?:RH|EC)[0-9A-Z ]{10}[0-9]{6}", "an Italian CBI statement in records", _STATEMENT),
    _file(r"\A (?:PC|IB|IR|PE|AL)[0-9A-Z ]{10}[0-9]{6}", "an Italian CBI file of orders in records", _PAYMENTS),
    _file(_XML + r"<(?:\w+:)?(CBI\w+)\b[^>]*urn:CBI:xsd:", "an Italian CBI document ({})",
          "ask the bank whether it takes pain.001 and gives camt.053 as ISO 20022 has them, without CBI's envelope"),
    # Six Interbank Clearing: DTA header, transaction types 826 to 890
    _file(r"\A01[0-9]{6}[0-9A-Z ]{12}[0-9]{11}[0-9A-Z ]{7}[0-9A-Z]{5}[0-9]{5}8[0-9]{2}", "a Swiss DTA file", _PAYMENTS),
    # Clieop03; Bacs Standard 18; Australian Payments Clearing Association: ABA; FEBRABAN: CNAB 240 and 400; Zengin
    _file(r"\A0001ACLIEOP03", "a Dutch ClieOp03 file", _BOTH),
    _file(r"\AVOL1[^\n]*\nHDR1A", "a British Bacs Standard 18 file", _BOTH),
    _file(r"\A0 {17}01[A-Z]{3} {7}", "an Australian ABA (direct entry) file", _BOTH),
    _file(r"\A0[12](?:REMESSA|RETORNO)", "a Brazilian CNAB 400 file", _BOTH),
    _file(r"\A[0-9]{3}00000 {9}[12 ]", "a Brazilian CNAB 240 file", _BOTH),
    _file(r"\A1(?:21|11|12|71|91)[01][0-9]{10}[^\r\n]{40}[01][0-9][0-3][0-9][0-9]{4}", "a Japanese Zengin file", _BOTH),
    # arrêté du 29 juillet 2013, article A. 47 A-1 of the Livre des procédures fiscales
    _file(r"\AJournalCode[\t|]JournalLib[\t|]EcritureNum", "a French FEC, the books for the tax office", _STATEMENT),
    # SWIFT's other messages, in their blocks or bare (an MT103 has :23B: and :32A:)
    _file(r"\A\s*(?:\{1:[^}]*\}\s*)?\{2:[IO](?!94[0-2]|950|101)([0-9]{3})", "a SWIFT message MT{}", _MESSAGES),
    _file(r"\A(?:\{4:\s*)?:20:[^\n]*\n(?::13C:[^\n]*\n)*:23B:[^\n]*\n.{0,200}?:32A:[0-9]{6}[A-Z]{3}",
          "a SWIFT message MT103", _MESSAGES),
    # The Chinese banks' messages, of which h2h reads some: asked only where no format knows the file.
    _file(_XML + r"<CMBSDKPGK>.{0,300}?<FUNNAM>\s*(\w+)", "a message of China Merchants Bank ({})", _OF_BANK),
    _file(_XML + r"<FOX>.*?<(?:SECURITIES_|BATCH_)?MSGSR[QS]V1>\s*<(\w+)", "a message of Industrial Bank ({})",
          _OF_BANK),
    _file(_XML + r"<CMS>.{0,600}?<TransCode>\s*(\w+)", "a message of ICBC ({})", _OF_BANK),
    _file(_XML + r"<TX>.{0,600}?<TX_CODE>\s*(\w+)", "a message of China Construction Bank ({})", _OF_BANK),
    _file(_XML + r"<stream>\s*<action>\s*(\w+)", "a message of China CITIC Bank ({})", _OF_BANK),
    _file(_XML + r"<bocb2e\b.*?<trans>\s*<trn-(\w+)-r[qs]", "a message of Bank of China ({})", _OF_BANK),
    # ISO 20022 before the versions that SEPA uses: the message's name is the namespace's end and the root's child
    _file(_OLD + r"(pain\.001\.001\.0[12]|pain\.008\.001\.01)\b", "{}, a version from before SEPA's",
          "let the ERP write pain.001.001.03 or later (pain.008.001.02 for collections)"),
    _file(_OLD + r"(pain\.002\.001\.0[12])\b", "{}, a version from before SEPA's",
          "ask the bank for pain.002.001.03 or later"),
)  # fmt: skip


def bank_file(head: bytes) -> tuple[str, str] | None:
    """(what a file that begins so looks like, what to do) if it is another bank format by its first record."""
    text = head.removeprefix(b"\xef\xbb\xbf").decode("latin-1").lstrip("\r\n")[:4096].replace("\r\n", "\n")
    for known in _FILES:
        found = known.begins.search(text)
        if found is not None:
            return known.words.format(*found.groups()), known.next_step
    return None
