"""What a browser shows until the page's own script has drawn it: our head's outline, not Gradio's bar and loader.

Gradio writes a page from one template, and adds our styles only once its script runs. The template is read here with
one style sheet more; `static/first_sight.css` says what it hides and shows.
"""

from __future__ import annotations

from collections.abc import Callable

from gradio.routes import templates
from jinja2 import BaseLoader, Environment

_END = "</head>"


class _WithStyle(BaseLoader):
    """Another loader's templates with a link at the end of their heads."""

    def __init__(self, inner: BaseLoader, link: str) -> None:
        self._inner, self._link = inner, link

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, name, fresh = self._inner.get_source(environment, template)
        return source.replace(_END, self._link + _END, 1), name, fresh


def style_first_sight(address: str) -> None:
    """Let every page begin with the style sheet of that address. All servers of a process share the template."""
    loader = templates.env.loader
    if loader is not None and not isinstance(loader, _WithStyle):
        templates.env.loader = _WithStyle(loader, f'<link rel="stylesheet" href="{address}">')
