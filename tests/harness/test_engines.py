from tests.checks.files import ROOT
from tests.harness.engines import DECIDED_BEFORE


def test_every_module_that_is_named_is_there() -> None:
    for folder, modules in DECIDED_BEFORE.items():
        assert [name for name in modules if not (ROOT / folder / f"{name}.py").exists()] == []
