"""Pure decisions and frozen values: no file, socket, clock, thread or log."""
