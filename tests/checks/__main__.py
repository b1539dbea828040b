"""Prints what is wrong, one line each; ends with status 1 if anything is."""

import sys

from tests.checks import circles, documentation, files, program, words
from tests.checks import map as code_map


def main() -> int:
    """Run every check on the repository."""
    documents = files.documents()
    table = documents[files.ROOT / "README.md"]
    complaints = [
        *documentation.settings(program.settings(), table, documents),
        *documentation.commands(program.commands(), documents),
        *documentation.links(documents),
        *words.forbidden(files.tracked()),
        *circles.circles(circles.read_imports()),
        *code_map.complaints(documents[files.ROOT / "docs" / "map.md"], program.modules()),
        *words.plain(files.read_by_people(), documents[files.ROOT / "docs" / "style.md"]),
    ]
    for complaint in complaints:
        print(complaint.removeprefix(f"{files.ROOT}/"))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
