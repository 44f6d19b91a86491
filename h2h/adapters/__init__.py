"""One part for each thing outside: what `h2h.ports` promises is kept here, with one library each."""
