"""The files of the repository, as the checks read them."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"uv.lock"}


def documents(root: Path = ROOT) -> dict[Path, str]:
    """The Markdown files at the root and below docs/, each with its text."""
    found = [*root.glob("*.md"), *root.glob("docs/**/*.md")]
    return {path: path.read_text(encoding="utf-8") for path in sorted(found)}


def tracked(root: Path = ROOT) -> dict[Path, str]:
    """The text files that are committed or would be, but for lock files, each with its text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    paths = [root / name for name in listed.stdout.decode().split("\0") if name]
    texts = {path: _text(path) for path in paths if path.is_file() and path.name not in NOT_OURS}
    return {path: text for path, text in texts.items() if text is not None}


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
