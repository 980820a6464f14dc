"""What a call ends in, where it may answer or refuse."""

from __future__ import annotations


def answer_or_refusal(call):
    """Return (what `call` gives, ""), or (None, the message of its ValueError)."""
    try:
        return call(), ""
    except ValueError as error:
        return None, str(error)
