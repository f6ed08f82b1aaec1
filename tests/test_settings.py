"""The settings file: defaults, every key, and one sentence for whatever is wrong."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from samples import ROOT, sentence

from generator.errors import ReportError
from generator.settings import Settings, load


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "report.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_missing_or_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "report.toml") == Settings()
    assert load(written(tmp_path, "# nothing set\n")) == Settings()


def test_the_shipped_file_states_the_defaults_and_every_key() -> None:
    path = ROOT / "report.toml"
    assert load(path) == Settings()
    assert set(re.findall(r"^(\w+) = ", path.read_text(encoding="utf-8"), re.M)) == set(Settings.model_fields)


def test_every_key_can_be_set(tmp_path: Path) -> None:
    text = 'source = "in/x.csv"\narchive = "/var/kept"\ntop = 7\nkeep_days = 30\nlicence = "ODbL-1.0"\n'
    assert load(written(tmp_path, text)) == Settings(
        source="in/x.csv", archive=Path("/var/kept"), top=7, keep_days=30, licence="ODbL-1.0"
    )


@pytest.mark.parametrize("top", [1, 5_000_000])
def test_the_limits_of_top_are_allowed(tmp_path: Path, top: int) -> None:
    assert load(written(tmp_path, f"top = {top}")).top == top


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("top = 0", "top", "greater than or equal to 1 (found 0)"),
        ("top = -5", "top", "greater than or equal to 1 (found -5)"),
        ("top = 5000001", "top", "less than or equal to 5000000 (found 5000001)"),
        ('top = "many"', "top", "valid integer, unable to parse string as an integer (found 'many')"),
        ("top = 1.5", "top", "(found 1.5)"),
        ("source = 5", "source", "Input should be a valid string (found 5)"),
        ("archive = []", "archive", "(found [])"),
        ('licence = ""', "licence", "at least 1 character (found '')"),
        ('license = "MIT"', "license", "Extra inputs are not permitted (found 'MIT')"),
        ("[hub]\ntop = 5", "hub", "Extra inputs are not permitted (found {'top': 5})"),
    ],
)
def test_a_wrong_value_is_told_with_its_key(tmp_path: Path, text: str, key: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ReportError) as raised:
        load(path)
    message = sentence(raised)
    assert message.startswith(f"{path}, key {key}: ") and said in message
    assert message.endswith("docs/settings.md lists what is valid.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source = auto", "line 1"),
        ('archive = "x"\ntop = 5 6', "line 2"),
        ("top = 1\ntop = 2", "Cannot overwrite a value"),
        (b'source = "\xff"', "utf-8"),
    ],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ReportError) as raised:
        load(path)
    message = sentence(raised)
    assert message.startswith(f"{path}: is no valid TOML (") and said in message
    assert message.endswith("mend the line it names.")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as raised:
        load(tmp_path)
    assert sentence(raised).startswith(f"{tmp_path}: cannot be read (")


def test_settings_do_not_change_under_way() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().top = 5
