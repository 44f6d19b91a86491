"""``python -m h2h`` is the command `h2h`."""

from h2h.cli.main import main

main(prog_name="h2h")
