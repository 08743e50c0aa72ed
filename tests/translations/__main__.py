"""`make texts`: brings the translators' catalogues up to date with the code and the English texts.

    python -m tests.translations               # updates the files, then checks them
    python -m tests.translations --check       # only checks them; `make check` does this
    python -m tests.translations --new sv      # also begins a new language

Ends with 1 and one line for each problem if a text is missing, fuzzy, unused or out of date.
"""

import argparse
import sys

from babel.messages.pofile import PoFileError

from .project import all_problems, write_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="make texts", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("--new", metavar="LANGUAGE", help="begin a catalogue for this language, such as sv")
    asked = parser.parse_args()
    try:
        if not asked.check:
            write_all(asked.new)
        found = all_problems()
    except PoFileError as error:
        found = [f"a catalogue is damaged: {error}"]
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
