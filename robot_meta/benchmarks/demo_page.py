"""What the pages of all demos have in common: one self-contained HTML file."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from robot_meta.benchmarks.results import machine

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; color: #222; }
table { border-collapse: collapse; } td, th { padding: .25rem .8rem; text-align: left; }
tr { border-bottom: 1px solid #ddd; } img { max-width: 100%; } code { background: #f2f2f2; }
h2 { margin-top: 2.5rem; } .twin { color: #a15c00; }
"""


def write_page(title: str, parts: Iterable[str], path: Path) -> None:
    """Write a page of HTML parts to `path`."""
    lines = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<title>robot_meta: {html.escape(title.lower())}</title>",
        f"<style>{_STYLE}</style>",
        f"<h1>{html.escape(title)}</h1>",
        *parts,
        "<h2>Made with</h2><p>"
        + html.escape(", ".join(f"{k} {v}" for k, v in machine().items() if v))
        + "</p></html>",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are HTML."""
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<table><tr>{head}</tr>{''.join(body)}</table>"


def picture(figure: Any) -> str:
    """A figure, inside the page."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return _image(buffer.getvalue(), "png")


def moving_picture(gif: bytes) -> str:
    """An animated GIF, inside the page."""
    return _image(gif, "gif")


def _image(data: bytes, kind: str) -> str:
    return f"<img alt='' src='data:image/{kind};base64,{base64.b64encode(data).decode()}'>"
