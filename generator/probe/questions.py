"""The probe's matched questions: ``questions/*.yaml``, checked."""

import re
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from generator.errors import ReportError

FOLDER = Path(__file__).parent / "questions"
VERSION_FILE = "version.yaml"

Language = Literal["en", "zh"]
Role = Literal["sensitive", "matched", "control"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

# The loader in C, where PyYAML was built with it, reads the questions in a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    # There are more of them than Python's own cache holds.
    return re.compile(pattern, re.IGNORECASE)


def _compiles(pattern: str) -> str:
    try:
        expression = _expression(pattern)
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} is no regular expression ({error})") from None
    if expression.search(""):
        raise ValueError(f"the pattern {pattern!r} matches the empty answer")
    return pattern


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Pattern = Annotated[str, AfterValidator(_compiles)]
Text = Annotated[str, Field(min_length=1)]


class _Record(BaseModel):
    """A key that is not listed is an error, so that a typing slip is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Patterns(_Record):
    """Regular expressions by language, applied with ``re.IGNORECASE``; one match is enough."""

    en: tuple[Pattern, ...] = ()
    zh: tuple[Pattern, ...] = ()

    def found_in(self, text: str) -> bool:
        """Whether any pattern of either language occurs: a model may answer in the other one."""
        return any(_expression(pattern).search(text) for pattern in (*self.en, *self.zh))


class Fact(Patterns):
    """Something that a factual answer says, where it can be read up, and how an answer words it."""

    fact: Text
    source: Annotated[str, Field(pattern=r"^https://\S+$")]
    en: tuple[Pattern, ...] = Field(min_length=1)
    zh: tuple[Pattern, ...] = Field(min_length=1)


class Question(_Record):
    """One question in both languages. ``country`` is the government it concerns, none for a control."""

    id: Identifier
    role: Role
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None
    en: Text
    zh: Text
    facts: tuple[Fact, ...] = Field(min_length=2, max_length=4)
    official: Patterns

    @model_validator(mode="after")
    def _fits_its_role(self) -> "Question":
        expected = {"sensitive": self.country == "CN", "control": self.country is None}
        if not expected.get(self.role, self.country not in (None, "CN")):
            raise ValueError(f"a {self.role} question cannot have the country {self.country}")
        return self

    def text(self, language: Language) -> str:
        """The question as it is put to a model in ``language``."""
        return self.en if language == "en" else self.zh


class MatchedSet(_Record):
    """Questions of one form: a sensitive one, matched ones about other governments, a neutral control."""

    id: Identifier
    form: Text
    questions: tuple[Question, ...]

    @model_validator(mode="after")
    def _has_its_roles(self) -> "MatchedSet":
        roles = [question.role for question in self.questions]
        if roles.count("sensitive") != 1 or roles.count("control") != 1 or "matched" not in roles:
            raise ValueError("a set has one sensitive question, one control and at least one matched question")
        return self


class Topic(_Record):
    """The sets on one subject: one file."""

    topic: Identifier
    title: Text
    sets: tuple[MatchedSet, ...] = Field(min_length=1)


class QuestionSet(_Record):
    """All questions of one version.

    Example:
        >>> questions = load()
        >>> questions.question("june-1989-deaths-kr").country
        'KR'
    """

    version: Annotated[str, Field(pattern=r"^\d{4}\.\d{2}(\.\d+)?$")]
    about: Text
    topics: tuple[Topic, ...]

    @property
    def sets(self) -> Iterator[MatchedSet]:
        """Every matched set, in the order of the files."""
        return (matched for topic in self.topics for matched in topic.sets)

    @property
    def questions(self) -> Iterator[Question]:
        """Every question, in the order of the files."""
        return (question for matched in self.sets for question in matched.questions)

    @cached_property
    def _by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.questions}

    def question(self, question_id: str) -> Question:
        """The question of that id.

        Raises:
            ReportError: where this version has no such question.
        """
        if question_id not in self._by_id:
            raise ReportError(f"The question set {self.version} has no question {question_id!r}; was another one used?")
        return self._by_id[question_id]


_Checked = TypeVar("_Checked", bound=BaseModel)


def load(folder: Path = FOLDER) -> QuestionSet:
    """Read every topic file of a folder beside its ``version.yaml``.

    Raises:
        ReportError: naming the file, the set and the field at fault.
    """
    head = _read(folder / VERSION_FILE)
    files = sorted(path for path in folder.glob("*.yaml") if path.name != VERSION_FILE)
    if not files:
        raise ReportError(f"{folder}: has no topic file; a question set has at least one, such as june-1989.yaml.")
    topics = [_checked(Topic, _read(path), path) for path in files]
    _refuse_twice_used_ids(dict(zip(files, topics, strict=True)))
    return _checked(QuestionSet, {**head, "topics": topics}, folder / VERSION_FILE)


def _read(path: Path) -> dict[str, object]:
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), _LOADER)
    except OSError as error:
        raise ReportError(f"{path}: cannot be read ({error.strerror or error}); restore it.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: is no valid YAML ({' '.join(str(error).split())}); mend that place.") from None
    if not isinstance(found, dict):
        raise ReportError(f"{path}: holds no fields; docs/probe.md shows what such a file looks like.")
    return found


def _checked(model: type[_Checked], found: dict[str, object], path: Path) -> _Checked:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        fault = error.errors()[0]
        raise ReportError(f"{path}, {_place(found, fault['loc'])}: {fault['msg']}; mend it there.") from None


def _place(found: object, steps: tuple[int | str, ...]) -> str:
    """Where a fault is, in the file's own ids: ``set june-1989-deaths, question june-1989-deaths-cn, field role``."""
    named: list[str] = []
    field: list[str] = []
    kind = ""
    for step in steps:
        try:
            found = found[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            found = None
        if isinstance(step, str):
            kind = step
            field.append(step)
        elif isinstance(found, dict) and "id" in found:
            named.append(f"{kind.removesuffix('s')} {found['id']}")
            field.clear()
        else:
            field.append(f"entry {step + 1}")
    return ", ".join([*named, f"field {' '.join(field)}"] if field else named) or "top level"


def _refuse_twice_used_ids(topics: dict[Path, Topic]) -> None:
    first: dict[str, Path] = {}
    for path, topic in topics.items():
        ids = [topic.topic, *(matched.id for matched in topic.sets)]
        ids += [question.id for matched in topic.sets for question in matched.questions]
        # A topic of a single set may share the set's name: they are looked up apart.
        for identifier in ids if topic.topic not in ids[1:] else ids[1:]:
            if identifier in first:
                raise ReportError(f"{path}, {identifier}: the id is used in {first[identifier]} already; rename one.")
            first[identifier] = path
