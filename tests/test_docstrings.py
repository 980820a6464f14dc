"""Every public function, class and method is shown by an example in a docstring; doctest runs them elsewhere."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import fastcurse as fc
from fastcurse import reference


def examples_of(value):
    """Return the source of the examples in one docstring, without those of its members."""
    return "".join(example.source for example in doctest.DocTestParser().get_examples(inspect.getdoc(value) or ""))


def is_ours(value):
    return (getattr(value, "__module__", None) or "").startswith("fastcurse")


def members_of(name, value):
    """Yield the public methods and properties that a class or its parents in fastcurse define."""
    for parent in value.__mro__:
        if is_ours(parent):
            for member, attribute in vars(parent).items():
                function = attribute.__func__ if isinstance(attribute, (classmethod, staticmethod)) else attribute
                if not member.startswith("_") and (inspect.isfunction(function) or isinstance(function, property)):
                    yield f"{name}.{member}", function


def public():
    """Yield the full name and the object of everything that is public and can have an example."""
    modules = [fc, fc.theory, fc.experiments, *(getattr(fc.experiments, name) for name in fc.experiments.__all__)]
    for module in modules:
        if not inspect.ismodule(module):
            continue
        for name in getattr(module, "__all__", ["run"]):
            value = getattr(module, name)
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{module.__name__}.{name}", value
    for info in pkgutil.iter_modules(reference.__path__):
        module = importlib.import_module(f"fastcurse.reference.{info.name}")
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__}.{name}", value


PUBLIC = dict(public())
MEMBERS = {
    member: (PUBLIC[name], function)
    for name in PUBLIC
    if inspect.isclass(PUBLIC[name])
    for member, function in members_of(name, PUBLIC[name])
}


def test_what_is_looked_at():
    assert len(PUBLIC) > 130
    assert "fastcurse.PrefixLDA.merge" in MEMBERS
    assert "fastcurse.DistanceExtremes.load" in MEMBERS
    assert "fastcurse.theory.lda_error" in PUBLIC
    assert "fastcurse.experiments.peaking.run" in PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_it_has_an_example_that_uses_it(name):
    source = examples_of(PUBLIC[name])
    assert re.search(rf"\b{name.rpartition('.')[2]}\b", source) or inspect.isclass(PUBLIC[name]), source
    assert source
    assert "doctest: +SKIP" not in source


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_a_member_is_in_its_own_example_or_in_that_of_its_class(name):
    owner, function = MEMBERS[name]
    assert re.search(rf"\.{name.rpartition('.')[2]}\b", examples_of(function) + examples_of(owner))
