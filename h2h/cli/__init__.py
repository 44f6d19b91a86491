"""The command line. `main` has the table of verbs; a module has one verb, or a few that belong together.

What they share has modules by its noun: `configuration` what is written in h2h.toml, `owner` whose rights are used,
`site` an installation opened beside its daemon, `desk` how files are looked at, `screen` and `objects` how things are
shown to people and to scripts, `errors` how an error is told, `to_type` commands for a person to type.
"""
