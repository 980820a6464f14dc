"""Kinds of arguments that several commands take."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import click


class Count(click.IntRange):
    """A whole number of at least `min`, which may be written 1e6."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and "e" in value.lower():
            with suppress(ValueError):
                number = float(value)
                value = int(number) if number.is_integer() else value
        return super().convert(value, param, ctx)


def parse_prefixes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.UsageError(f"--prefixes must be whole numbers separated by commas, got {text!r}") from None
