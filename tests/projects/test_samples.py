"""The code that people paste to sign their users, run as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backroom.projects.rules import signature_is_right
from backroom.projects.samples import SAMPLES, Sample
from tests.harness.processes import PATIENCE

SECRET = "s3cret with blanks, 'quotes' and ü"

RUN: dict[str, tuple[str, str, Callable[[str], list[str]]]] = {
    "python": (
        "sample.py",
        "\nimport sys\nprint(signature_of(sys.argv[1]))\n",
        lambda file: [sys.executable, file],
    ),
    "javascript": (
        "sample.mjs",
        "\nconsole.log(signatureOf(process.argv[2]));\n",
        lambda file: ["node", file],
    ),
    "ruby": ("sample.rb", "\nputs signature_of(ARGV[0])\n", lambda file: ["ruby", file]),
    "php": ("sample.php", "\necho signature_of($argv[1]);\n", lambda file: ["php", file]),
    "go": (
        "sample.go",
        "\nfunc main() { os.Stdout.WriteString(signatureOf(os.Args[1])) }\n",
        lambda file: ["go", "run", file],
    ),
}
"""By language: a file's name, what prints the signature of the first argument, and the command that runs the file."""


def test_there_are_five_languages() -> None:
    assert [sample.language for sample in SAMPLES] == list(RUN)
    for sample in SAMPLES:
        assert "IDENTITY_SECRET" in sample.code
        assert sample.code.endswith("\n")


@pytest.mark.parametrize("user", ["user-17", "ü@example.com", "a b"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.language)
def test_a_sample_signs_as_the_server_checks(tmp_path: Path, sample: Sample, user: str) -> None:
    """Patchrooms, "Ingest", B: lowercase hex HMAC-SHA256(secret, userId)."""
    name, ending, command = RUN[sample.language]
    (tmp_path / name).write_text(sample.code + ending, encoding="utf-8")
    words = command(str(tmp_path / name))
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} isn't installed")
    environment = os.environ | {"IDENTITY_SECRET": SECRET, "GOCACHE": str(tmp_path), "PYTHONUTF8": "1"}
    done = subprocess.run([*words, user], env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert signature_is_right(SECRET, user, done.stdout.strip())
    assert not signature_is_right(SECRET, f"{user}x", done.stdout.strip())
