"""The layers, read from the source: who may import whom, where kernels live, what is public, what docstrings say."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastcurse

PACKAGE = Path(fastcurse.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
CONTRIBUTING = Path(__file__).parent.parent / "CONTRIBUTING.md"
# Rank of each layer: an import may point to the same stem's package or to a lower rank.
LAYERS = {
    "cli": 6, "__main__": 7, "report": 5, "experiments": 4, "profile": 4, "prefix_curve": 4,
    "plots": 3, "prefix_accuracy": 3, "hubness": 3, "intrinsic_dimension": 3,
    "distances": 2, "discriminant": 2, "balls": 2, "neighbors": 2, "robustness": 2, "curvature": 2,
    "trunk": 2, "feature_order": 2,
    "engine": 1, "_kernels": 0, "theory": 0, "reference": 0, "_validation": 0, "_version": 0,
    "_memmap": -1, "_results": -1,
}  # fmt: skip


def layer_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path, *, lazy):
    """Yield the modules of fastcurse that a file imports, each as its dotted name below fastcurse."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if lazy else tree.body
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "fastcurse":
            rest = node.module.split(".")[1:]
            if rest:
                yield rest[0]
            else:
                yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("fastcurse."))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path):
    layer = layer_of(path)
    if layer == "__init__":
        return
    assert layer in LAYERS, f"{layer} is in no layer: name its rank in LAYERS"
    for target in imports(path, lazy=False):
        assert target == layer or LAYERS[target] < LAYERS[layer], f"{layer} imports {target}"
    for target in imports(path, lazy=True):
        # Results show themselves through plots and report; nothing else reaches up.
        upward = (layer, target) in {("distances", "plots"), ("profile", "report")}
        allowed = target == layer or LAYERS[target] < LAYERS[layer] or upward
        assert allowed, f"{layer} imports {target} inside a function"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_njit_only_under_kernels(path):
    if layer_of(path) != "_kernels":
        assert not re.search(r"\bn?jit\b", path.read_text(encoding="utf-8").replace("``njit``", ""))


def test_reference_imports_nothing_of_fastcurse():
    for path in (PACKAGE / "reference").glob("*.py"):
        assert set(imports(path, lazy=True)) <= {"reference"}, path


def test_reference_is_used_only_for_the_articles_own_code():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"^\s*from fastcurse\.reference import (\w+)", text, re.MULTILINE):
            assert name == "article", f"{path} imports reference.{name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_fits_in_ones_head(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def layers_of_the_map(text):
    """Yield the modules that each line of the map names."""
    drawing = re.search(r"^( {4}__main__.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    assert drawing
    for line in drawing.group(1).splitlines():
        yield re.split(r"\s{3,}", line.strip())[0].split()


def test_the_map_names_every_module_from_the_upper_layers_down():
    named = list(layers_of_the_map(fastcurse.__doc__))
    modules = {layer_of(path) for path in MODULES} - {"__init__"}
    assert sorted(name for line in named for name in line) == sorted(modules) == sorted(LAYERS)
    assert all(len({LAYERS[name] for name in line}) == 1 or line == ["cli", "report"] for line in named)
    ranks = [LAYERS[name] for line in named for name in line]
    assert ranks == sorted(ranks, reverse=True)


def test_contributing_has_the_same_map():
    assert list(layers_of_the_map(CONTRIBUTING.read_text(encoding="utf-8"))) == list(
        layers_of_the_map(fastcurse.__doc__)
    )


def test_all_names_exist_and_are_sorted():
    assert fastcurse.__all__ == sorted(fastcurse.__all__)
    assert dir(fastcurse) == sorted(fastcurse.__all__)
    for name in fastcurse.__all__:
        assert getattr(fastcurse, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fastcurse.__getattr__("nothing")


def public_callables():
    for name in fastcurse.__all__:
        value = getattr(fastcurse, name)
        if inspect.ismodule(value):
            for member in getattr(value, "__all__", ()):
                if inspect.isfunction(getattr(value, member)):
                    yield f"{name}.{member}", getattr(value, member)
        elif inspect.isclass(value):
            yield name, value
            for member, function in inspect.getmembers(value, inspect.isroutine):
                if not member.startswith("_") and (function.__module__ or "").startswith("fastcurse"):
                    yield f"{name}.{member}", function
        elif callable(value):
            yield name, value
    for info in pkgutil.iter_modules([str(PACKAGE / "experiments")]):
        if not info.name.startswith("_") and not info.ispkg:
            module = importlib.import_module(f"fastcurse.experiments.{info.name}")
            yield f"experiments.{info.name}.run", module.run


def documented_parameters(docstring):
    section = re.search(r"^Parameters\n-{3,}\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", docstring, re.MULTILINE | re.DOTALL)
    if not section:
        return []
    names = re.findall(r"^(\*{0,2}\w+(?:, \w+)*)(?: :|$)", section.group(1), re.MULTILINE)
    return [name.strip() for group in names for name in group.split(",")]


@pytest.mark.parametrize(("name", "function"), list(public_callables()), ids=[name for name, _ in public_callables()])
def test_docstring_parameters_equal_the_signature(name, function):
    docstring = inspect.getdoc(function)
    assert docstring, f"{name} has no docstring"
    if inspect.isclass(function) and "Attributes\n" in docstring and "Parameters\n" not in docstring:
        return  # a result: people read it, they do not build it
    parameters = [parameter for parameter in inspect.signature(function).parameters if parameter != "self"]
    documented = [name.lstrip("*") for name in documented_parameters(docstring)]
    simple = not documented and len(parameters) == 0
    assert simple or documented == parameters


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_loads_nothing_heavy():
    heavy = run_python(
        "import sys, fastcurse\n"
        "print([m for m in ('matplotlib', 'dask', 'pandas', 'sklearn', 'numba') if m in sys.modules])"
    )
    assert heavy.strip() == "[]"


def test_computing_loads_neither_matplotlib_nor_pandas():
    loaded = run_python(
        "import sys, fastcurse as fc; fc.distance_extremes([[0.0], [1.0]]); fc.estimate_ball_volume(2, 10);"
        "fc.make_trunk(4, 2); fc.prefix_neighbors([[0.0], [1.0]], [0], 1); fc.theory.bayes_accuracy(3);"
        "print([m for m in ('matplotlib', 'dask', 'pandas', 'sklearn') if m in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_functions_that_share_their_modules_name_are_not_hidden_by_it():
    found = run_python(
        "import sys, fastcurse.hubness, fastcurse.intrinsic_dimension\n"
        "from fastcurse.hubness import Hubness\n"
        "import fastcurse as fc\n"
        "print(fc.hubness.__module__, fc.intrinsic_dimension.__module__, fc.Hubness is Hubness,"
        "sys.modules['fastcurse.hubness'].hubness is fc.hubness)"
    )
    assert found.split() == ["fastcurse.hubness", "fastcurse.intrinsic_dimension", "True", "True"]


def test_import_compiles_nothing():
    compiled = run_python(
        "from numba.core import event\n"
        "with event.install_recorder('numba:compile') as recorder:\n"
        "    import fastcurse as fc\n"
        "    [getattr(fc, name) for name in fc.__all__]\n"
        "print(len(recorder.buffer))"
    )
    assert compiled.strip() == "0"
