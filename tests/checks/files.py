"""The files of the repository, as the checks read them."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"uv.lock"}


def documents(root: Path = ROOT) -> dict[Path, str]:
    """The Markdown files at the root and below docs/, each with its text."""
    found = [*root.glob("*.md"), *root.glob("docs/**/*.md")]
    return {path: path.read_text(encoding="utf-8") for path in sorted(found)}


def read_by_people(root: Path = ROOT) -> dict[Path, str]:
    """What the style page's words are looked for in, without that page: documents, templates, texts, the dashboard."""
    found = [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("bench/*.md"), *root.glob("widget/*.md")]
    web = root / "src" / "backroom" / "web"
    found += [*web.glob("**/*.html"), *web.glob("dashboard/**/*.py"), web / "widget" / "receipt_texts.json"]
    found.append(root / "widget" / "src" / "i18n" / "en.ts")
    style = root / "docs" / "style.md"
    return {path: path.read_text(encoding="utf-8") for path in sorted(found) if path.is_file() and path != style}


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
