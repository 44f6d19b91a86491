"""h2h, a bank host-to-host adapter: a payment file reaches the bank once, and its answers come home."""

__version__ = "0.1.0"
