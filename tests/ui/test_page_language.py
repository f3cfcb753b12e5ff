"""The languages: each file complete, every key there and used, nothing English left in code, a walk in German."""

import ast
import re
from datetime import date, datetime
from string import Formatter

import pytest
from browsing import ask, in_chromium, shoot
from ui_texts import UI, english_in, english_in_script, keys_used, strings_in

from assistant.assistant import ANOTHER_PATIENT, NAMED_PATIENT
from assistant.errors import UnreadableFile, WardroundError
from assistant.findings.wanted import wanted_finding
from assistant.measure.limits import usual
from assistant.records import Claim, SignalPlace
from assistant.retrieve.history import NO_PATIENT
from assistant.ui.gate.visitor import Visitor, entering
from assistant.ui.language import DEFAULT, choose_language, languages, say, say_count, say_html, texts, words
from assistant.ui.language.figures import day, moment, number, percent
from assistant.ui.language.told import sentence, translated, wordings
from assistant.wording import joined, worded

OTHERS = sorted(set(languages()) - {DEFAULT})
IN_ENGLISH = {"file_page.py", "docs_page.py"}  # of the command line and for programmers: in English as all of it


def fields(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_key_with_the_same_fields(language):
    english, other = texts(DEFAULT), texts(language)
    assert set(other) == set(english)
    assert {key: fields(text) for key, text in other.items()} == {key: fields(text) for key, text in english.items()}


@pytest.mark.parametrize("language", [DEFAULT, *OTHERS])
def test_texts_are_texts(language):
    for key, text in texts(language).items():
        assert isinstance(text, str) and text.strip(), key
        assert key.startswith("figures.") or text == text.strip(), key
        assert "<" not in text, f"{key}: markup belongs into code"
        assert not key.endswith("_one") or key.removesuffix("_one") in texts(language), key


@pytest.mark.parametrize("language", OTHERS)
def test_sentences_are_translated(language):
    english, other = texts(DEFAULT), texts(language)
    same = {key for key, text in english.items() if other[key] == text and len(re.findall(r"[A-Za-z]{3,}", text)) >= 4}
    examples = {key for key in english if ".try_" in key or key == "search.findings_hint"}
    assert same - examples == set()  # examples are asked in English


def test_every_key_that_code_names_is_there_and_every_key_is_named():
    whole, begun = keys_used()
    tables = {key.partition(".")[0] for key in texts(DEFAULT)}
    counted = {f"{key}_one" for key in texts(DEFAULT)}
    assert {key for key in whole if key.partition(".")[0] in tables} - set(texts(DEFAULT)) == set()
    unused = {key for key in texts(DEFAULT) if key not in whole and not key.startswith(tuple(begun))}
    assert unused - counted == set()


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: str(path.relative_to(UI)))
def test_no_english_is_left_in_code(path):
    if path.name not in IN_ENGLISH:
        assert list(english_in(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", sorted((UI / "static").rglob("*.js")), ids=lambda path: path.name)
def test_scripts_get_their_texts_from_python(path):
    assert english_in_script(path.read_text(encoding="utf-8")) == []


def test_what_is_looked_for_is_found():
    source = '''
"""A doc <b>string</b>."""
x = Markup("<p title='Take out'>Searching {}</p><code>ls</code>").format(say("a.b"))
y = f"<b>{n} pages</b>"
z = gr.Button("New case", label="Ask")
'''
    assert {word for _, word in english_in(source)} == {"Take", "out", "Searching", "pages", "New", "case", "Ask"}
    assert english_in_script("a.title = `Frame ${n}`; b.textContent = `${rate} bpm`;") == ["Frame"]


def test_the_language_is_the_chosen_one_else_the_best_that_the_browser_takes():
    assert choose_language("de", "en") == "de"
    assert choose_language("xx", "fr;q=0.9, de-AT;q=0.8, en;q=0.5") == "de"
    assert choose_language(None, "en-GB,de;q=0.9") == "en"
    assert choose_language(None, None) == choose_language("", "*;q=x,,;") == "en"


def test_numbers_and_dates_are_written_as_the_language_does():
    when = datetime(2019, 5, 3, 14, 7)
    assert (number(1204), number(-12.34, 1), number(0.5, 2, signed=True)) == ("1,204", "−12.3", "+0.50")
    assert (percent(0.123, 1), day(when), moment(when)) == ("12.3 %", "3 May 2019", "3 May 2019, 14:07")
    with entering(Visitor(language="de")):
        assert (number(1204.5, 1), percent(0.5)) == ("1.204,5", "50 %")
        assert (day(date(2019, 3, 1)), moment(when)) == ("1. März 2019", "3. Mai 2019, 14:07 Uhr")


def test_one_and_many_are_told_apart():
    assert (
        say_count("evaluation.older", 1) == "1 older run" and say_count("evaluation.older", 2_000) == "2,000 older runs"
    )
    with entering(Visitor(language="de")):
        assert say_count("evaluation.older", 1) == "1 älterer Lauf"


def test_fields_of_a_text_are_escaped_in_markup():
    assert say_html("archive.look", folder="<b>") == "See what would be read of &lt;b&gt;"
    with pytest.raises(KeyError):
        say("archive.nowhere")


def test_medical_words_are_in_the_visitors_language():
    claim = Claim("It is on the left.", "patient", "contradicted", "laterality")
    with entering(Visitor(language="de")):
        assert words.modality("CR", "image") == "Röntgenbild" and words.modality("XY", "image") == "XY"
        assert words.verdict(claim) == ("✗", "widerlegt (Seite)")
        assert words.place(SignalPlace("II", 2.0, 4.5)) == "Ableitung II, 2,0–4,5 s"
        assert words.measure("qt_ms") == "QT-Zeit" and words.measure("odd_thing_ms") == "odd thing"
        assert words.listed(["a", "b", "c"]) == "a, b und c"
    assert words.place(SignalPlace("II", 2.0, 4.5)) == "lead II, 2.0–4.5 s"


NOT_ON_A_PAGE = ("evaluate", "langchain", "commands")
# Where everything that is said can come to a page; of the other rooms only some of it can.
TOLD_ROOMS = ("ingest", "retrieve", "answering.py", "measure", "verify")
OF_THE_COMMAND_LINE = {
    "recipe.py",
    "rerank.py",
    "web.py",
    "hugging_face.py",
    "minicheck.py",
    "torch_models.py",
    "export.py",
}


def core():
    return [p for p in UI.parent.rglob("*.py") if p.relative_to(UI.parent).parts[0] not in NOT_ON_A_PAGE]


def wordings_in(path):
    """The wordings that a file hands to errors, reasons and `worded`."""
    for call in (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = {"worded": 0, "_told": 0, "refuse": 0, "set_aside": 1, "UnreadableFile": 1}.get(name)
        if place is not None and len(call.args) > place:
            wording = call.args[place]
            for one in (wording.body, wording.orelse) if isinstance(wording, ast.IfExp) else (wording,):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


@pytest.mark.parametrize("language", OTHERS)
def test_wordings_are_those_that_the_code_writes_with_their_fields(language):
    written = {text for path in core() for text in strings_in(path.read_text(encoding="utf-8"))}
    written |= {text.replace("{{", "{").replace("}}", "}") for text in written}
    written |= {one.told for one in usual().values()}  # these stand in a table, beside their numbers
    loose = "\n".join(re.sub(r"\{[^}]*\}", "{}", text) for text in written)
    known = wordings(language)
    assert {text for text in known if re.sub(r"\{[^}]*\}", "{}", text) not in loose} == set()
    assert {text for text, other in known.items() if set(fields(text)) != set(fields(other))} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_what_readers_and_search_and_checks_say_is_known_in_every_language(language):
    told = [
        path
        for path in core()
        if path.relative_to(UI.parent).parts[0] in TOLD_ROOMS and path.name not in OF_THE_COMMAND_LINE
    ]
    said = {
        text for path in told for text in wordings_in(path) if re.search("[a-z]{3}", re.sub(r"\{[^}]*\}", "", text))
    }
    assert said - set(wordings(language)) == set()


def test_reasons_are_told_in_the_visitors_language():
    meaning = worded(
        "meaning {meaning:.2f}, words {words:.1f}, weight of words {weight:.2f}", meaning=0.41, words=3.2, weight=0.75
    )
    chance = worded(
        "chance to answer {chance:.0%}: {share:.0%} of the question's words, {rest}",
        chance=0.07,
        share=0.5,
        rest=meaning,
    )
    unlikely = worded("unlikely to answer the question (at least {least:.0%} is asked for)", least=0.19)
    reason = joined([chance, unlikely, "something new"])
    assert translated(reason) == reason and translated("") == ""
    with entering(Visitor(language="de")):
        assert translated(reason) == (
            "beantwortet die Frage mit 7 %: 50 % der Wörter der Frage, Bedeutung 0,41, Wörter 3,2, "
            "Gewicht der Wörter 0,75; beantwortet die Frage wohl nicht (verlangt sind mindestens 19 %); something new"
        )
        assert translated("Nothing was found.") == "Nichts wurde gefunden."


def test_errors_are_told_in_the_visitors_language():
    error = UnreadableFile(
        "scan.tif",
        "{size:,.0f} MB is more than the limit of {max_file_mb} MB (ingest.max_file_mb)",
        size=1234.5,
        max_file_mb=500,
    )
    assert translated(error) == "scan.tif: 1,234 MB is more than the limit of 500 MB (ingest.max_file_mb)"
    with entering(Visitor(language="de")):
        assert translated(error) == "scan.tif: 1.234 MB sind mehr als die Grenze von 500 MB (ingest.max_file_mb)"
        assert (
            translated(UnreadableFile("a.pdf", "the file is empty (0 bytes)").reason) == "die Datei ist leer (0 Byte)"
        )
        assert translated(WardroundError("nobody has put this {into} German")) == "nobody has put this {into} German"
        with pytest.raises(ValueError) as unknown:
            wanted_finding("pleural efusion")
        said = translated(unknown.value.args[0])
        assert said.startswith("Befund „pleural efusion“: nennen Sie") and "ähnlich klingen pleural effusion" in said
        ecg = worded("{count}-lead {modality}, {seconds:.0f} s", count=12, modality="ECG", seconds=10.0)
        given = joined([ecg, "chest X-ray"])
        assert translated(given) == "EKG mit 12 Ableitungen, 10 s; Röntgen-Thorax"


def test_an_error_that_stands_by_itself_begins_as_a_sentence_and_a_name_as_it_is():
    assert sentence("no study is chosen") == "No study is chosen"
    assert sentence("study 'x': no picture") == "Study 'x': no picture"
    for name in ("cxr.dcm: no pixel data", "a1: is no draft", "“s”: twice", ""):
        assert sentence(name) == name


@in_chromium[0]
@in_chromium[1]
def test_a_walk_in_german(browser, server):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="de-DE")
    page = context.new_page()
    page.set_default_timeout(60_000)
    english = {text for key, text in texts(DEFAULT).items() if texts("de")[key] != text}
    telling = [text for text in english if len(text) > 9 and not fields(text)]

    def assert_german(name):
        shown = page.inner_text("body")
        assert [text for text in telling if text in shown] == [], name
        assert page.evaluate("document.documentElement.lang") == "de"

    page.goto(server.url)
    page.get_by_placeholder(texts("de")["chat.placeholder"]).wait_for()
    assert_german("chat")
    turn = ask(page, "Is there a pleural effusion?")
    assert texts("de")["verdict.supported"] in turn.inner_text()
    turn.locator(".wr-cite").first.click()
    page.locator(".wr-view").wait_for()
    assert_german("answer")
    shoot(page, "chat-german")
    ways = page.locator(".wr-ways a").evaluate_all("all => all.map((way) => way.getAttribute('href'))")
    for way in ways[1:]:
        page.goto(server.url + way)
        page.locator(f'.wr-ways a[aria-current="page"][href="{way}"]').wait_for()
        page.get_by_text(texts("de")["head.disclaimer"]).wait_for()  # what Gradio's own components say came with it
        assert_german(way)
    page.goto(server.url + "/help")
    page.locator(".wr-languages a", has_text="EN").click()
    page.get_by_role("heading", name=texts("en")["help.read"]).wait_for()
    assert page.url == server.url + "/help"
    assert page.evaluate("document.documentElement.lang") == "en"
    cookie = next(cookie for cookie in context.cookies() if cookie["name"] == "wr_language")
    assert cookie["httpOnly"] and cookie["value"] == "en"
    context.close()


def test_the_page_names_its_own_control_where_a_wording_names_an_option_of_the_command_line():
    for language in (DEFAULT, *OTHERS):
        with entering(Visitor(language=language)):
            for wording in (NAMED_PATIENT, ANOTHER_PATIENT, NO_PATIENT):
                told = translated(worded(wording, case="P-1"))
                assert "--" in wording and "--" not in told and "Patient …" in told, (language, told)
