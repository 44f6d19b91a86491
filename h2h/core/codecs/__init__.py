"""Files that are not XML: an ERP's tables, SWIFT's MT, BAI2, CFONB, 1C, MultiCash, IDocs. Bytes → cells or messages.

`registry` names what a format's card may name; `rows` reads whatever table an ERP folder declares.
"""
