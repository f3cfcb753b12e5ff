"""Profiles of known models, and the vLLM command that comes of them."""

import json
import subprocess

import jinja2
import numpy as np
import pytest
import vllm_environment

from assistant.errors import WardroundError
from assistant.generate.chat import ChatServer
from assistant.generate.profiles import UNKNOWN, profile_of, profiles
from assistant.generate.vllm import served_name, vllm_command
from assistant.records import Image
from assistant.settings import LlmSettings, ServeSettings

PICTURES = [("E1", Image(np.zeros((2000, 1000), np.uint8)))]


def command(model, serve=ServeSettings(), **llm):  # noqa: B008
    settings = LlmSettings(model=model, vllm_python="/bin/sh", **llm)
    return vllm_command(settings, serve, profile_of(settings), 8000)


def named(words):
    """The options of a command as a dictionary."""
    return {word: words[i + 1] for i, word in enumerate(words[:-1]) if word.startswith("--")}


def test_each_profile_is_found_by_the_names_of_its_model_on_the_hub_and_in_a_folder():
    assert {"medgemma", "lingshu", "huatuogpt-vision", "llava-rad", "qwen-vl", "pulse", "gem"} == {
        p.name for p in profiles()
    }
    for profile in profiles():
        assert profile.hub and profile.licence and profile.tried
        for hub in profile.hub:
            assert profile_of(LlmSettings(model=hub)) is profile
            assert profile_of(LlmSettings(model=f"/models/{hub}")) is profile
    assert profile_of(LlmSettings(model="/models/some-model")) is UNKNOWN
    assert profile_of(LlmSettings()) is UNKNOWN


def test_a_profile_can_be_named_or_be_a_file_of_one_s_own(tmp_path):
    assert profile_of(LlmSettings(model="/m/ours", profile="pulse")).name == "pulse"
    own = tmp_path / "ours.toml"
    own.write_text('title = "Ours"\nside = 448\nimages = 2\n')
    found = profile_of(LlmSettings(model="google/medgemma-4b-it", profile=str(own)))
    assert (found.name, found.side, found.images) == ("ours", 448, 2)
    with pytest.raises(WardroundError, match="one of gem, huatuogpt-vision, lingshu"):
        profile_of(LlmSettings(profile="medgema"))
    own.write_text("sides = 448\n")
    with pytest.raises(WardroundError, match=r"ours\.toml: sides: there is no such option"):
        profile_of(LlmSettings(profile=str(own)))
    with pytest.raises(WardroundError, match=r"gone\.toml"):
        profile_of(LlmSettings(profile=str(tmp_path / "gone.toml")))


def test_vllm_knows_the_architectures_of_what_it_is_said_to_serve():
    if not vllm_environment.is_there():
        pytest.skip(vllm_environment.HINT)
    registry = "import vllm.model_executor.models.registry as r, json; print(json.dumps(sorted(r._VLLM_MODELS)))"
    ran = subprocess.run([vllm_environment.python(), "-c", registry], capture_output=True, text=True, check=True)
    known = set(json.loads(ran.stdout.splitlines()[-1]))
    for profile in profiles():
        assert bool(profile.architectures) == (profile.vllm != "no")
        assert set(profile.architectures) <= known


def test_the_command_holds_what_the_settings_and_the_profile_say_and_no_key(monkeypatch):
    monkeypatch.setenv("VLLM_API_KEY", "hidden")
    serve = ServeSettings(tensor_parallel=2, quantisation="fp8", context_tokens=4096, arguments=("--seed", "7"))
    words = command("google/medgemma-4b-it", serve, images=3, api_key="hidden")
    options = named(words)
    assert options["--host"] == "127.0.0.1" and options["--port"] == "8000"
    assert options["--model"] == options["--served-model-name"] == "google/medgemma-4b-it"
    assert options["--tensor-parallel-size"] == "2" and options["--quantization"] == "fp8"
    assert options["--max-model-len"] == "4096" and options["--dtype"] == "bfloat16" and options["--seed"] == "7"
    assert json.loads(options["--limit-mm-per-prompt"]) == {"image": 3, "video": 0}
    assert "hidden" not in " ".join(words)
    plain = named(command("/models/unknown"))
    assert not {"--max-model-len", "--limit-mm-per-prompt", "--quantization", "--chat-template"} & set(plain)
    assert named(command("PULSE-ECG/PULSE-7B"))["--chat-template"].endswith("vicuna.jinja")


def test_a_folder_is_served_under_its_last_name(tmp_path):
    (tmp_path / "our-model").mkdir()
    assert served_name(str(tmp_path / "our-model")) == "our-model"
    assert served_name("google/medgemma-4b-it") == "google/medgemma-4b-it"


@pytest.mark.parametrize(
    ("llm", "said"),
    [
        ({"model": None}, r"llm\.model is not set"),
        ({"model": "microsoft/llava-rad"}, "vLLM does not serve it"),
        ({"model": "LANSG/GEM"}, "vLLM does not serve it"),
        ({"model": "PULSE-ECG/PULSE-7B", "images": 2}, "at most 1 at once"),
    ],
)
def test_what_can_not_be_served_is_refused_with_its_reason(llm, said):
    with pytest.raises(WardroundError, match=said):
        command(**llm)


def test_a_wrong_python_is_named():
    settings = LlmSettings(model="m", vllm_python="/no/such/python")
    with pytest.raises(WardroundError, match=r"llm\.vllm_python is /no/such/python"):
        vllm_command(settings, ServeSettings(), UNKNOWN, 0)


def test_a_profile_shapes_the_messages():
    def messages(model):
        return ChatServer(LlmSettings(model=model), "http://127.0.0.1:1/v1")._messages("Rules.", "Question?", PICTURES)

    system, user = messages("google/medgemma-4b-it")
    assert system.content == "Rules."
    assert [part["type"] for part in user.content] == ["text", "text", "image_url"]
    (user,) = messages("microsoft/llava-rad")
    assert [part["type"] for part in user.content] == ["text", "image_url", "text"]
    assert user.content[-1]["text"] == "Rules.\n\nQuestion?"


def test_vicuna_s_template_writes_what_llava_was_trained_on():
    template = jinja2.Environment().from_string(profile_of(LlmSettings(profile="pulse")).chat_template_file.read_text())
    parts = [{"type": "image"}, {"type": "text", "text": "What rhythm?"}]
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}]
    assert template.render(messages=messages, add_generation_prompt=True) == (
        "Be brief. USER: <image>\nWhat rhythm? ASSISTANT:"
    )
