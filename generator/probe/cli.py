"""The command line of the probe: questions, run, score, judge, status, speechmap."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click
import pandas as pd

from generator.command import plain_errors
from generator.errors import ReportError
from generator.probe import answers as answer_files
from generator.probe import figures, results, speechmap
from generator.probe import judge as judging
from generator.probe import run as runs
from generator.probe.asking import NO_KEY, Endpoint, Sampling
from generator.probe.figures import EVADED, FACTS, OFFICIAL, REFUSED, Contrast
from generator.probe.questions import LANGUAGES, Language
from generator.probe.questions import load as load_questions
from generator.probe.verdicts import CHINA, OTHERS, VERDICTS
from generator.project import Project

RESULTS = click.option(
    "--results", "folder", type=click.Path(path_type=Path, file_okay=False), help="The folder of the probe's results."
)
ENDPOINT = (
    click.option("--model", required=True, help="Name of the model at the endpoint."),
    click.option("--endpoint", "url", required=True, help="Address of the API, http://127.0.0.1:8080/v1 say."),
    click.option(
        "--api-key-variable",
        default="PROBE_API_KEY",
        show_default=True,
        help="Environment variable that holds the key, if the endpoint wants one.",
    ),
    click.option("--connections", type=click.IntRange(min=1), default=4, show_default=True, help="Requests at once."),
    click.option("--per-minute", type=click.IntRange(min=1), help="Requests a minute at most."),
    click.option(
        "--timeout", type=click.IntRange(min=1), default=300, show_default=True, help="Seconds to wait for an answer."
    ),
    click.option(
        "--retries", type=click.IntRange(min=0), default=5, show_default=True, help="Attempts after a failed one."
    ),
)


def _with_endpoint(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(ENDPOINT):
        command = option(command)
    return command


@click.group()
def probe() -> None:
    """Put matched questions to a model and measure how it deals with them."""


@probe.command()
@_with_endpoint
@click.option("--samples", type=click.IntRange(min=1), default=3, show_default=True, help="Answers to each question.")
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.7, show_default=True)
@click.option("--max-tokens", type=click.IntRange(min=1), default=1024, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the first sample; the next ones count up.")
@click.option("--language", "languages", type=click.Choice(LANGUAGES), multiple=True, help="Default: all.")
@click.option("--set", "sets", multiple=True, help="Ask these matched sets only; may be given several times.")
@click.option("--country", help="Country of the developer (CN, US, …). Default: as the registry has the namespace.")
@click.option("--origin-country", help="Country of the developer of the root base model. Default: as --country.")
@click.option("--price-per-million", type=click.FloatRange(min=0), help="Price of a million tokens, for the estimate.")
@RESULTS
@click.pass_obj
@plain_errors
def run(
    project: Project,
    model: str,
    url: str,
    api_key_variable: str,
    connections: int,
    per_minute: int | None,
    timeout: int,
    retries: int,
    samples: int,
    temperature: float,
    max_tokens: int,
    seed: int,
    languages: tuple[Language, ...],
    sets: tuple[str, ...],
    country: str | None,
    origin_country: str | None,
    price_per_million: float | None,
    folder: Path | None,
) -> None:
    """Ask a model what it has not answered yet; run it again to go on after an interruption."""
    endpoint = _endpoint(model, url, api_key_variable, connections, per_minute, timeout, retries)
    questions = load_questions()
    plan = runs.Plan(
        endpoint=endpoint,
        sampling=Sampling(temperature=temperature, max_tokens=max_tokens),
        samples=samples,
        seed=seed,
        languages=languages or LANGUAGES,
        sets=sets,
        country=_country(country),
        origin_country=_country(origin_country),
    )
    estimate = runs.cost(runs.requests(plan, questions), plan.sampling)
    price = "" if price_per_million is None else f", at most {estimate.price(price_per_million):.2f} in your currency"
    _say(
        f"{estimate.requests:,} requests to {url}: about {estimate.prompt_tokens:,} tokens in and at most "
        f"{estimate.answer_tokens:,} out{price}. Answers that are there already are not asked for again."
    )
    written = runs.run(plan, questions, folder or project.probe)
    _say(f"Answers: {written}")
    click.echo(_summary(folder or project.probe))


@probe.command()
@RESULTS
@click.pass_obj
@plain_errors
def score(project: Project, folder: Path | None) -> None:
    """Write the answers of all logs anew, score them, and say what comes out."""
    within = folder or project.probe
    for found in sorted({path.parent for path in within.glob("*/*/*.eval")}):
        _say(f"Answers: {runs.export(found)}")
    click.echo(_summary(within))


@probe.command()
@_with_endpoint
@click.option("--answers-of", required=True, help="Name of the model whose answers are judged.")
@RESULTS
@click.pass_obj
@plain_errors
def judge(
    project: Project,
    model: str,
    url: str,
    api_key_variable: str,
    connections: int,
    per_minute: int | None,
    timeout: int,
    retries: int,
    answers_of: str,
    folder: Path | None,
) -> None:
    """Have a judge model read a model's answers by the rubric, and say how far it agrees with the rules."""
    endpoint = _endpoint(model, url, api_key_variable, connections, per_minute, timeout, retries)
    questions = load_questions()
    within = runs.folder_of(folder or project.probe, answers_of, questions)
    loaded = answer_files.load(within, questions)
    if not loaded.answers:
        raise ReportError(f"{within}: holds no answers of {answers_of}; run `probe run --model {answers_of}` first.")
    _say(f"{len(loaded.answers):,} requests at most to {url}.")
    _say(f"Judgements: {judging.judge(loaded.answers, questions, endpoint, within)}")
    table = figures.agreement(results.load(within).verdicts)
    for row in table.itertuples():
        click.echo(
            f"{row.judge!s} and {row.other_judge!s}, {row.about!s} {row.language!s}: kappa {row.kappa:.2f}, "
            f"{row.agreed_share:.0%} of {row.answers} answers alike, {row.set_aside} set aside"
        )


@probe.command()
@RESULTS
@click.pass_obj
@plain_errors
def status(project: Project, folder: Path | None) -> None:
    """Say which models have answered how much of the present questions."""
    click.echo(_summary(folder or project.probe))


@probe.command()
@plain_errors
def questions() -> None:
    """List the matched sets."""
    loaded = load_questions()
    counted = Counter(question.role for question in loaded.questions)
    click.echo(f"Version {loaded.version}: " + ", ".join(f"{count} {role}" for role, count in counted.items()))
    for topic in loaded.topics:
        click.echo(f"{topic.topic}: {topic.title}")
        for matched in topic.sets:
            click.echo(f"  {matched.id}: {matched.form}")


@probe.command(name="speechmap")
@click.argument("path", type=click.Path(path_type=Path))
@plain_errors
def speechmap_figures(path: Path) -> None:
    """Compute the figures from SpeechMap's file of verdicts that the report ships."""
    for written in speechmap.write_figures(path):
        _say(f"Figures: {written}")


def _summary(folder: Path) -> str:
    """The state of a results folder in words."""
    found = results.load(folder)
    lines = list(found.left_out)
    own = found.verdicts[found.verdicts["source"] == results.SOURCE]
    if own.empty:
        unread = [
            log.parent for log in sorted(folder.glob("*/*/*.eval")) if not (log.parent / answer_files.FILE).exists()
        ]
        lines += [
            f"{log}: a run was stopped there; the same command goes on, `probe score` reads it now."
            for log in dict.fromkeys(unread)
        ]
        return "\n".join([*lines, f"{folder}: holds no answers to the present questions."])
    for (model, judge_name), rows in own.groupby(["model", "judge"]):
        counted = ", ".join(f"{(rows['verdict'] == verdict).sum()} {verdict}" for verdict in VERDICTS)
        lines.append(
            f"{model} by {judge_name}: {len(rows)} answers to {rows['question'].nunique()} questions: {counted}"
        )
    flagged = Counter(
        f"{answer.model}: answers in {reading.answer_language} to questions in {answer.language}"
        for answer, reading in found.scored
        if reading.answer_language not in (answer.language, "none")
    )
    lines += [f"{what}: {count}" for what, count in sorted(flagged.items())]
    oversized = Counter(answer.model for answer, reading in found.scored if reading.oversized)
    lines += [f"{model}: {count} answers of more than 20,000 characters" for model, count in oversized.items()]
    compared = figures.differences(own, [Contrast(CHINA, code, OTHERS, code) for code in LANGUAGES])
    for row in compared.to_dict("records"):
        if row["measure"] in (REFUSED, EVADED, FACTS, OFFICIAL):
            interval = f"95 % {row['lower']:+.2f} to {row['upper']:+.2f}"
            if pd.isna(row["lower"]):
                interval = "too few sets for an interval"
            lines.append(
                f"{row['model']} by {row['judge']}, {row['language']}, {row['measure']}: {row['rate']:.0%} on China, "
                f"{row['against_rate']:.0%} on others, difference {row['difference']:+.2f} ({interval}; "
                f"{row['sets']} {'set' if row['sets'] == 1 else 'sets'})"
            )
    return "\n".join(lines)


def _endpoint(
    model: str, url: str, variable: str, connections: int, per_minute: int | None, timeout: int, retries: int
) -> Endpoint:
    if not url.startswith(("http://", "https://")):
        raise ReportError(f"--endpoint {url}: is no address; it begins with http:// or https:// and ends with /v1.")
    if not model or any(letter.isspace() for letter in model):
        raise ReportError(f"--model {model!r}: is no name of a model; give it as the endpoint knows it.")
    return Endpoint(
        url=url.rstrip("/"),
        model=model,
        api_key=os.environ.get(variable) or NO_KEY,
        connections=connections,
        per_minute=per_minute,
        timeout=timeout,
        retries=retries,
    )


def _country(code: str | None) -> str | None:
    if code is not None and not (len(code) == 2 and code.isalpha() and code.isupper()):
        raise ReportError(f"{code}: is no ISO 3166-1 alpha-2 code of a country; give CN or US, say.")
    return code


def _say(line: str) -> None:
    click.echo(line, err=True)
