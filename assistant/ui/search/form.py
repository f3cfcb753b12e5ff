"""The filters as a form of plain controls: its fields reach Python as they are, whenever one is changed."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from assistant.assistant import Assistant
from assistant.ui.language import say, words
from assistant.ui.language.figures import number
from assistant.ui.search.looking import LENGTHS

# Every field of the form, whenever one changes; the boxes of one name as a list.
SEND = """
const form = () => element.querySelector('form');
const send = () => {
  const fields = {};
  for (const [name, value] of new FormData(form())) {
    if (form().querySelector(`[name="${name}"]`).type === 'checkbox') (fields[name] ??= []).push(value);
    else fields[name] = value;
  }
  trigger('apply', fields);
};
element.addEventListener('change', send);
element.addEventListener('submit', (event) => { event.preventDefault(); send(); });
element.addEventListener('reset', () => setTimeout(send));
"""


def filters_html(assistant: Assistant) -> Markup:
    """The form over what the visitor's indexes hold."""
    held = assistant.modalities()
    kinds = [(kind, say(f"search.kind_{kind}"), sum(counts.values())) for kind, counts in held.items()]
    modalities: dict[str, tuple[str, int]] = {}
    for kind, counts in held.items():
        for code, count in sorted(counts.items()):
            modalities[code] = words.modality(code, kind), modalities.get(code, ("", 0))[1] + count
    indexes = [(name, name, sum(counts.values())) for name, counts in assistant.totals().items()]
    lengths = Markup("").join(Markup("<option>{}</option>").format(length) for length in LENGTHS)
    return Markup(
        '<details class="wr-filters"><summary>{}</summary><form>{}{}{}<div class="wr-fields">{}{}{}{}{}'
        '<label>{} <select name="length">{}</select></label></div>'
        '<p class="wr-form-end"><button type="submit" class="wr-small">{}</button>'
        '<button type="reset" class="wr-small">{}</button></p></form></details>'
    ).format(
        say("search.filters"),
        _boxes("kind", say("search.kind"), ((value, told, count) for value, told, count in kinds if count)),
        _boxes("modality", say("search.modality"), ((code, *told) for code, told in modalities.items())),
        _boxes("index", say("search.index"), indexes) if len(indexes) > 1 else "",
        _field("findings", say("search.findings"), say("search.findings_hint")),
        _field("since", say("search.since"), kind="date"),
        _field("until", say("search.until"), kind="date"),
        _field("patient", say("search.patient"), say("search.patient_hint")),
        _field("exclude_patient", say("search.exclude_patient"), say("search.patient_hint")),
        say("search.length"),
        lengths,
        say("search.apply"),
        say("search.reset"),
    )


def _boxes(name: str, legend: str, choices: Iterable[tuple[str, str, int]]) -> Markup:
    items = Markup("").join(
        Markup('<label><input type="checkbox" name="{}" value="{}"> <bdi>{}</bdi> <small>{}</small></label>').format(
            name, value, told, number(count)
        )
        for value, told, count in choices
    )
    return Markup("<fieldset><legend>{}</legend>{}</fieldset>").format(legend, items) if items else items


def _field(name: str, told: str, hint: str = "", kind: str = "text") -> Markup:
    return Markup('<label>{} <input type="{}" name="{}" placeholder="{}" autocomplete="off"></label>').format(
        told, kind, name, hint
    )
