"""The head of every page: name, ways to the other pages, disclaimer, archives and their sources, language, account.

Its links are plain links: they work with the keyboard, in a new tab, and before any script has run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup

from assistant import demo
from assistant.ui.gate.visitor import LANGUAGE_COOKIE, visitor
from assistant.ui.language import languages, say, say_count

if TYPE_CHECKING:
    from assistant.assistant import Assistant

LANGUAGE_ROUTE = "/wr/language"
MANIFEST_ROUTE = "/manifest.json"
_YEAR_S = 365 * 24 * 3600

# The tab's name and the language that a screen reader speaks, which Gradio sets once for all pages. The conversation
# that the address names goes along to every page, so that the way back leads to it.
HEAD_SCRIPT = """
const tell = () => {
  const head = element.querySelector('.wr-header[data-title]');
  if (!head) return;
  document.documentElement.lang = head.dataset.language;
  document.title = head.dataset.title;
  const talk = new URLSearchParams(location.search).get('talk');
  const tail = talk ? '?talk=' + encodeURIComponent(talk) : '';
  for (const link of element.querySelectorAll('.wr-ways a, a.wr-name')) {
    link.setAttribute('href', link.getAttribute('href').split('?')[0] + tail);
  }
  for (const link of element.querySelectorAll('.wr-languages a')) {
    link.setAttribute('href', link.getAttribute('href').split('%3F')[0] + encodeURIComponent(tail));
  }
};
element.addEventListener('click', (event) => {
  if (!event.target.closest('.wr-skip')) return;
  event.preventDefault();
  const head = document.getElementById('wr-head');
  const content = document.getElementById('wr-main') || head.nextElementSibling;
  content.tabIndex = -1;
  content.focus();
  content.scrollIntoView({block: 'start'});
});
element.addEventListener('keydown', (event) => {
  const sources = event.target.closest('.wr-notices');
  if (event.key !== 'Escape' || !sources?.open) return;
  sources.open = false;
  sources.querySelector('summary').focus();
});
watch('value', tell);
document.addEventListener('wr-talk', tell);
tell();
"""


# Until it is known who opens the page, and what they may see of it.
HEAD_TO_COME = '<header class="wr-header" aria-busy="true"><a class="wr-name" href="/">Wardround</a></header>'


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its path on this server, its name (`head.search`), and the role that it takes to see it."""

    path: str
    name: str
    role: str


def header_html(assistant: Assistant, here: Place, places: Sequence[Place]) -> Markup:
    """The head of the page `here`."""
    terms = demo.notices(assistant.workspace) if demo.DEMO_INDEX in assistant.indexes else ()
    notices = Markup("").join(Markup("<li>{}</li>").format(notice) for notice in terms)
    about = Markup('<details class="wr-notices"><summary>{}</summary><ul>{}</ul></details>').format(
        say("head.sources"), notices
    )
    title = "Wardround" if here.path == "/" else f"{say(here.name)} – Wardround"
    return Markup(
        '<header class="wr-header" data-language="{}" data-title="{}"><a class="wr-skip" href="#wr-main">{}</a>'
        '<a class="wr-name" href="/">Wardround</a>'
        '<h1 class="wr-unseen">{}</h1>{}<div class="wr-about-archive"><p class="wr-archive">{}</p>'
        '<p class="wr-disclaimer">{}</p></div>{}<div class="wr-you">{}{}</div></header>'
    ).format(
        visitor().language,
        title,
        say("head.skip"),
        say(here.name),
        _ways(here, places),
        archive_line(assistant),
        say("head.disclaimer"),
        about if notices else "",
        _languages(here),
        _account(),
    )


def archive_line(assistant: Assistant) -> str:
    """Which archive is open: "Archive: demo, 1,204 records; ward, 12 records"; only those that the visitor sees."""
    counts = {name: sum(kinds.values()) for name, kinds in assistant.totals().items() if visitor().sees(name)}
    listed = (say_count("head.records", count, name=name) for name, count in counts.items())
    return say("head.archive", listed="; ".join(listed) or say("head.none"))


def _ways(here: Place, places: Sequence[Place]) -> Markup:
    """Links to the pages that the visitor may see."""
    links = Markup("").join(
        Markup('<li><a href="{}"{}>{}</a></li>').format(
            place.path, Markup(' aria-current="page"') if place == here else "", say(place.name)
        )
        for place in places
        if visitor().may(place.role)
    )
    return Markup('<nav class="wr-ways" aria-label="{}"><ul>{}</ul></nav>').format(say("head.pages"), links)


def _languages(here: Place) -> Markup:
    links = Markup("").join(
        Markup('<li><a href="{}/{}?back={}" lang="{}" hreflang="{}" title="{}"{}>{}</a></li>').format(
            LANGUAGE_ROUTE,
            code,
            quote(here.path, safe=""),
            code,
            code,
            name,
            Markup(' aria-current="true"') if code == visitor().language else "",
            code.upper(),
        )
        for code, name in languages().items()
    )
    return Markup('<nav class="wr-languages" aria-label="{}"><ul>{}</ul></nav>').format(say("language.label"), links)


def _account() -> Markup:
    """Who is signed in, and the way out; nothing where nobody signs in."""
    if (name := visitor().name) is None:
        return Markup("")
    return Markup(
        '<form class="wr-account" method="post" action="/sign-out"><a href="/account" title="{}"><bdi>{}</bdi></a>'
        '<button type="submit">{}</button></form>'
    ).format(say("sign_in.account"), name, say("head.sign_out"))


def language_router() -> APIRouter:
    """The route that keeps the chosen language in a cookie and leads back to the page."""
    router = APIRouter()

    @router.get(LANGUAGE_ROUTE + "/{code}", include_in_schema=False)
    def choose(code: str, back: str = "/") -> RedirectResponse:
        if code not in languages():
            raise HTTPException(404, f"no such language: there are {', '.join(languages())}")
        response = RedirectResponse(within(back), status_code=303)
        response.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR_S, httponly=True, samesite="strict")
        return response

    return router


def manifest_router() -> APIRouter:
    """The web app manifest that every page of Gradio's links to; browsers ask for it without their cookies."""
    router = APIRouter()

    @router.get(MANIFEST_ROUTE, include_in_schema=False)
    def manifest() -> JSONResponse:
        told = {"name": "Wardround", "start_url": "/", "display": "browser"}
        return JSONResponse(told, media_type="application/manifest+json")

    return router


def within(address: str) -> str:
    """The address if it is a page of this server, else its first page: nobody is led elsewhere."""
    inside = address.startswith("/") and address[1:2] not in ("/", "\\") and "\\" not in address
    return address if inside and address.isprintable() else "/"
