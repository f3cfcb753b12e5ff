"""What a browser shows until the page's own script has drawn it (our head's outline, not Gradio's bar and loader), and
what has to run before that script does.

Gradio writes a page from one template, and adds our styles and scripts only once its own script runs. The template is
read here with one style sheet and one script more: `static/first_sight.css` says what it hides and shows,
`static/arriving.js` what waits for its first contents.
"""

from __future__ import annotations

from collections.abc import Callable

from gradio.routes import templates
from jinja2 import BaseLoader, Environment

_END = "</head>"


class _WithMore(BaseLoader):
    """Another loader's templates with more at the end of their heads."""

    def __init__(self, inner: BaseLoader, more: str) -> None:
        self._inner, self._more = inner, more

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, name, fresh = self._inner.get_source(environment, template)
        return source.replace(_END, self._more + _END, 1), name, fresh


def begin_pages(style: str, script: str) -> None:
    """Let every page begin with the style sheet and the script of these addresses. All servers of a process share the
    template."""
    loader = templates.env.loader
    if loader is not None and not isinstance(loader, _WithMore):
        more = f'<link rel="stylesheet" href="{style}"><script src="{script}"></script>'
        templates.env.loader = _WithMore(loader, more)
