"""Tables that read well in a terminal and in Markdown alike."""

from __future__ import annotations


def table(head: list[str], body: list[list[str]]) -> list[str]:
    """Lines of a table, its columns as wide as their widest cell."""
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [line(head), rule, *(line(row) for row in body)]
