"""The report as one web page that needs nothing else: made from its Markdown, with every tag in it shown as text."""

from __future__ import annotations

from html import escape

from markdown_it import MarkdownIt

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #8886; }
li { margin: .5rem 0; overflow-wrap: anywhere; }
code { background: #8882; padding: .1rem .3rem; border-radius: .2rem; }
"""
# Neither scripts nor anything from elsewhere, whatever the text says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(markdown: str, title: str) -> str:
    body = MarkdownIt("commonmark", {"html": False}).render(markdown)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}</style>\n<body>\n{body}</body>\n</html>\n"
    )
