from pathlib import Path

from tests.checks import circles


def write(folder: Path, **modules: str) -> Path:
    package = folder / "shop"
    package.mkdir()
    for name, text in {"__init__": "", **modules}.items():
        (package / f"{name}.py").write_text(text)
    return folder


def test_a_circle_is_found_over_typing_and_local_imports(tmp_path: Path) -> None:
    sources = write(
        tmp_path,
        door="from shop.routes import TABLE\n",
        routes="def load():\n    from . import auth\n",
        auth="from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import shop.door\n",
        app="from shop import door\n",
    )
    (line,) = circles.circles(circles.read_imports(sources))
    assert line == "3 modules import each other in a circle: shop.auth, shop.door, shop.routes"


def test_each_circle_is_told_once(tmp_path: Path) -> None:
    sources = write(
        tmp_path,
        a="from shop.b import x\n",
        b="from shop.a import x\nfrom .c import y\n",
        c="from .d import y\n",
        d="from .c import y\n",
    )
    assert list(circles.circles(circles.read_imports(sources))) == [
        "2 modules import each other in a circle: shop.a, shop.b",
        "2 modules import each other in a circle: shop.c, shop.d",
    ]


def test_names_of_a_package_are_the_package(tmp_path: Path) -> None:
    sources = write(
        tmp_path, __init__="from shop.words import HELLO\n", words="HELLO = 1\n", app="from shop import HELLO\n"
    )
    imports = circles.read_imports(sources)
    assert imports == {"shop": {"shop.words"}, "shop.words": set(), "shop.app": {"shop"}}
    assert list(circles.circles(imports)) == []


def test_imports_that_only_lead_down_are_no_circle(tmp_path: Path) -> None:
    sources = write(tmp_path, a="from shop.b import x\nfrom shop.c import y\n", b="from shop.c import y\n", c="y = 1\n")
    assert list(circles.circles(circles.read_imports(sources))) == []
