"""Words that have no place in what is published."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

# The brackets keep this file from holding what it looks for.
UNFINISHED = (r"\bTOD[O]\b", r"\bFIXM[E]\b")
REGISTRIES = (
    r"\bpypi[.]org\b",
    r"\bpythonhosted[.]org\b",
    r"\bregistry[.]npmjs[.]org\b",
    r"\bregistry[.]yarnpkg[.]com\b",
    r"\bindex[.]crates[.]io\b",
    r"\bproxy[.]golang[.]org\b",
)
MACHINE_PATHS = (r"(?<![\w.}-])/(?:wor[k]|roo[t]|User[s])/",)

FORBIDDEN = re.compile("|".join([*UNFINISHED, *REGISTRIES, *MACHINE_PATHS]))


def forbidden(files: Mapping[Path, str]) -> Iterator[str]:
    """Lines with an unfinished mark, a package registry's host or a path of one machine."""
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), start=1):
            for found in FORBIDDEN.findall(line):
                yield f"{path}:{number}: {found} stays out"
