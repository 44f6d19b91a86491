"""The journeys, in order: every step the core decides, adapters act, the journal remembers."""
