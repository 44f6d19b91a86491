"""The tables behind ``h2h.core.codes``: official names are ISO 20022's, all other words are ours."""
