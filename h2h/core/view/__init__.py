"""Messages as the command-line contract shows them: plain JSON values and rows. Amounts are text, never numbers."""
