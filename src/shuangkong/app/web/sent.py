"""What a form sent (表单内容), read before the route, so that the route itself need not be asynchronous."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request


async def form_pairs(request: Request) -> list[tuple[str, Any]]:
    """Names and values in the order of the form; `Asks` has checked where it came from."""
    return (await request.form()).multi_items()


Sent = Annotated[list[tuple[str, Any]], Depends(form_pairs)]
