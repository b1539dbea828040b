import subprocess
from pathlib import Path

from tests.checks import files


def test_tracked_leaves_out_what_is_ignored_locked_or_binary(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("ignored\n")
    for name in ("ignored", "uv.lock", "kept.py"):
        (tmp_path / name).write_text("text\n")
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff")
    assert {path.name for path in files.tracked(tmp_path)} == {".gitignore", "kept.py"}


def test_documents_are_the_root_and_docs(tmp_path: Path) -> None:
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "src").mkdir()
    for name in ("README.md", "docs/guide.md", "docs/decisions/0001-x.md", "src/other.md"):
        (tmp_path / name).write_text("# Title\n")
    assert {str(path.relative_to(tmp_path)) for path in files.documents(tmp_path)} == {
        "README.md",
        "docs/guide.md",
        "docs/decisions/0001-x.md",
    }
