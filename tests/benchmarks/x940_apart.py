"""x940 (Rust) reads an MT940; run by an interpreter that has it. Prints how many entries it read, and its seconds.

It knows no line that ends a message (``-``): that is taken away before the clock starts, and so is reading the file.
"""

import sys
import time

import x940


def main() -> None:
    """See the module."""
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        text = file.read().removesuffix("-\r\n")
    began = time.process_time()
    count = len(x940.MT940(text).transactions)
    print(count, time.process_time() - began)


if __name__ == "__main__":
    main()
