"""Documents by data: a format's mapping says which element carries which field; readers and writers are made of it.

`stylesheet` and `plan` compile a mapping, `reader` and `assembly` read by it, `generate` makes what writes. Modules
with `own` in their name do the same for documents that a bank designed itself, whose mapping is a sample of one.
"""
