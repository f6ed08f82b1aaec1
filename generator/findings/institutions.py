"""How many organisations build open models, where, and whether independent institutes are few among them."""

import pandas as pd
from markupsafe import Markup

from generator.attribution import UNATTRIBUTED
from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.institutions import MIN_DOWNLOADS
from generator.metrics.institutions_by_sector import ALL, INSTITUTE, NOT_COMPANY, ORGANISED_NOT_COMPANY
from generator.metrics.overtake import COUNTRY, OTHER_COUNTRY
from generator.results import Results
from generator.wording import count, day, in_sentence

BY_COUNTRY = "institutions"
BY_SECTOR = "institutions-by-sector"

THIN = 0.25
"""Below this share of the organisations the institutes' field is called thin: four others to each would be few."""

NOBODY = "No organisation or namespace in this edition's data released a model of its own that was used enough."
SELECTION = Markup(
    " The data are a selection of models, which leaves out small organisations first: the true number is higher."
)
NO_VERDICT = Markup(
    " Institutes whose models are little downloaded are missing from a selection, so this is no verdict on the field."
)


def active_organisations(book: FactBook) -> Finding:
    """How many, in how many countries, what share is no company: ``known``, ``unattributed-only`` or ``no-data``."""
    rows = _now(book.results, BY_SECTOR)
    everyone = _row(rows, ALL)
    unlisted = _row(rows, UNATTRIBUTED)
    name = "active-organisations"
    if everyone is None:
        if unlisted is None:
            return Finding(name, "no-data", Markup(NOBODY), BY_SECTOR)
        text = sentence(
            "No organisation of the registry is active on {date}; {namespaces} that the registry does not know {are}.",
            date=day(book.results.as_of),
            namespaces=_number(book, unlisted, "active", BY_SECTOR, "namespace", "namespaces"),
            are="are" if _of(unlisted, "active") != 1 else "is",
        )
        return Finding(name, "unattributed-only", text, BY_SECTOR)
    alone = _of(everyone, "active") == 1
    text = sentence(
        "{n} of the registry{countries}{comma} {are} active on {date}, with at least one model released in the year "
        "before that reached {threshold} downloads. {others}",
        n=Markup("<strong>{}</strong>").format(
            _number(book, everyone, "active", BY_SECTOR, "organisation", "organisations")
        ),
        countries=_spread(book, everyone),
        comma="," if _of(everyone, "countries") else "",
        are="is" if alone else "are",
        date=day(book.results.as_of),
        threshold=count(MIN_DOWNLOADS),
        others=_one_alone(rows) if alone else _not_companies(book, rows),
    )
    if unlisted is not None:
        text += sentence(
            " Apart from these, {namespaces} outside the registry passed the same test.",
            namespaces=_number(book, unlisted, "active", BY_SECTOR, "namespace", "namespaces"),
        )
    if book.results.source.selection:
        text += SELECTION
    return Finding(name, "known", text, BY_SECTOR)


def active_countries(book: FactBook) -> Finding:
    """China against the United States by number of organisations.

    The condition is ``lead`` or ``reversed`` where one has more, ``lead-within-bounds`` or ``reversed-within-bounds``
    where the namespaces that nobody has attributed outnumber the difference, ``tie`` where both have as many,
    ``no-data`` where neither has any.
    """
    rows = _now(book.results, BY_COUNTRY)
    name = "active-countries"
    found = {code: rows[rows["country"] == code].head(1) for code in (COUNTRY, OTHER_COUNTRY, UNATTRIBUTED)}
    numbers = {code: int(chosen["country_active"].sum()) for code, chosen in found.items()}
    if numbers[COUNTRY] == numbers[OTHER_COUNTRY] == 0:
        text = sentence(
            "Neither {a} nor {b} has an active organisation in this edition's data.",
            a=in_sentence(COUNTRY),
            b=in_sentence(OTHER_COUNTRY),
        )
        return Finding(name, "no-data", text, BY_COUNTRY)

    def quoted(code: str) -> object:
        chosen = found[code]
        return "none" if chosen.empty else book.quote(chosen.iloc[0], BY_COUNTRY, "country_active", "count")

    margin = numbers[COUNTRY] - numbers[OTHER_COUNTRY]
    ahead, behind = (COUNTRY, OTHER_COUNTRY) if margin >= 0 else (OTHER_COUNTRY, COUNTRY)
    facts = {
        "ahead": _initial(in_sentence(ahead)),
        "behind": in_sentence(behind),
        "a": quoted(ahead),
        "b": quoted(behind),
        "date": day(book.results.as_of),
    }
    if margin == 0:
        text = sentence("{ahead} and {behind} have as many active organisations on {date}: {a} each.", **facts)
        return Finding(name, "tie", text, BY_COUNTRY)
    condition = "lead" if margin > 0 else "reversed"
    text = sentence("{ahead} has more active organisations than {behind} on {date}: {a} against {b}.", **facts)
    if numbers[UNATTRIBUTED] > abs(margin):
        text += sentence(
            " The {n} namespaces that nobody has attributed are more than the difference, so the order is not certain.",
            n=quoted(UNATTRIBUTED),
        )
        return Finding(name, f"{condition}-within-bounds", text, BY_COUNTRY)
    return Finding(name, condition, text, BY_COUNTRY)


def independent_institutes(book: FactBook) -> Finding:
    """Whether institutes are few: ``thin``, ``not-thin``, ``majority``, ``none`` or ``no-data``."""
    rows = _now(book.results, BY_SECTOR)
    name = "independent-institutes"
    everyone, institutes = _row(rows, ALL), _row(rows, INSTITUTE)
    if everyone is None:
        text = Markup("Without active organisations of the registry there is no field of institutes to measure.")
        return Finding(name, "no-data", text, BY_SECTOR)
    selection = NO_VERDICT if book.results.source.selection else Markup("")
    if institutes is None:
        text = Markup(
            "The field of independent institutes is empty: no university, public body or non-profit organisation "
            "is active in this edition's data."
        )
        return Finding(name, "none", text + selection, BY_SECTOR)
    companies = _row(rows, "company")
    facts = {
        "n": _number(book, institutes, "active", BY_SECTOR, "institute", "institutes"),
        "is": "is" if _of(institutes, "active") == 1 else "are",
        "countries": _spread(book, institutes),
        "share": book.quote(institutes, BY_SECTOR, "share_of_organised", "percent"),
        "companies": "no company"
        if companies is None
        else _number(book, companies, "active", BY_SECTOR, "company", "companies"),
    }
    share = _of(institutes, "share_of_organised")
    condition = "thin" if share < THIN else "not-thin" if share <= 0.5 else "majority"
    openings = {
        "thin": "The field of independent institutes is thin: ",
        "not-thin": "Independent institutes are a minority, though no thin field: ",
        "majority": "Independent institutes are the majority: ",
    }
    text = sentence(
        openings[condition]
        + "{n} (universities, public bodies and non-profit organisations{countries}) {is} active beside {companies}, "
        "{share} of all active organisations but individuals.",
        **facts,
    )
    return Finding(name, condition, text + selection, BY_SECTOR)


def renewal(book: FactBook) -> Finding:
    """Whether the field grows: ``growing``, ``shrinking``, ``steady``, ``one-date`` or ``no-data``.

    ``one-date`` stands for an archive that does not reach back a year, however many dates it has.
    """
    rows = _now(book.results, BY_SECTOR)
    name = "renewal"
    everyone = _row(rows, ALL, active=False)
    if everyone is None:
        return Finding(name, "no-data", Markup(NOBODY), BY_SECTOR)
    if pd.isna(everyone["entrants"]) or pd.isna(everyone["exits"]):
        text = Markup(
            "Whether the field grows or thins out cannot be said yet: the archive does not reach back a year. "
            "The history will grow with each snapshot."
        )
        return Finding(name, "one-date", text, BY_SECTOR)
    if int(everyone["entrants"]) == int(everyone["exits"]) == 0:
        text = Markup("The organisations active are those of the year before: none came, none went.")
        return Finding(name, "steady", text, BY_SECTOR)
    change = int(everyone["entrants"]) - int(everyone["exits"])
    condition = "growing" if change > 0 else "shrinking" if change < 0 else "steady"
    openings = {
        "growing": "The field grows",
        "shrinking": "The field is thinning out",
        "steady": "The field is as large as it was a year before",
    }
    text = sentence(
        openings[condition] + ": against the report date a year before, {came} active that {were} not, and {went} no "
        "longer.{institutes}",
        came=_organisations_are(book, everyone, "entrants"),
        were="was" if int(everyone["entrants"]) == 1 else "were",
        went=_count_are(book, everyone, "exits"),
        institutes=_institutes_renewed(book, rows),
    )
    return Finding(name, condition, text, BY_SECTOR)


def _institutes_renewed(book: FactBook, rows: pd.DataFrame) -> Markup:
    institutes = _row(rows, INSTITUTE, active=False)
    if institutes is None:
        return Markup("")
    return sentence(
        " Among institutes, {came} came and {went} went.",
        came=book.quote(institutes, BY_SECTOR, "entrants", "count"),
        went=book.quote(institutes, BY_SECTOR, "exits", "count"),
    )


def _one_alone(rows: pd.DataFrame) -> Markup:
    return Markup("It is a company." if _row(rows, NOT_COMPANY) is None else "It is no company.")


def _not_companies(book: FactBook, rows: pd.DataFrame) -> Markup:
    others = _row(rows, NOT_COMPANY)
    if others is None:
        return Markup("All of them are companies.")
    organised = _row(rows, ORGANISED_NOT_COMPANY)
    share = book.quote(others, BY_SECTOR, "share_of_active", "percent")
    if organised is None:
        return sentence("Of them {share} are no companies: all of these are individuals.", share=share)
    if _row(rows, "individual") is None:
        return sentence("Of them {share} are no companies.", share=share)
    return sentence(
        "Of them {share} are no companies; leaving individuals aside, {organised}.",
        share=share,
        organised=book.quote(organised, BY_SECTOR, "share_of_organised", "percent"),
    )


def _spread(book: FactBook, row: pd.Series) -> Markup:
    if _of(row, "countries") == 0:
        return Markup("")
    return sentence(", from {countries}", countries=_number(book, row, "countries", BY_SECTOR, "country", "countries"))


def _organisations_are(book: FactBook, row: pd.Series, column: str) -> Markup:
    number = _number(book, row, column, BY_SECTOR, "organisation", "organisations")
    return sentence("{number} {are}", number=number, are="is" if int(row[column]) == 1 else "are")


def _count_are(book: FactBook, row: pd.Series, column: str) -> Markup:
    number = book.quote(row, BY_SECTOR, column, "count")
    return sentence("{number} {are}", number=number, are="is" if int(row[column]) == 1 else "are")


def _number(book: FactBook, row: pd.Series, column: str, metric: str, one: str, many: str) -> Markup:
    fact = book.quote(row, metric, column, "count")
    return sentence("{fact} {word}", fact=fact, word=one if row[column] == 1 else many)


def _now(results: Results, metric: str) -> pd.DataFrame:
    table = results.tables[metric]
    rows: pd.DataFrame = table[table["as_of"] == results.as_of]
    return rows


def _row(rows: pd.DataFrame, sector: str, active: bool = True) -> pd.Series | None:
    """The row of a sector or group; none where it has no active organisation, unless that does not matter."""
    chosen = rows[rows["sector"] == sector]
    if active:
        chosen = chosen[chosen["active"] > 0]
    return None if chosen.empty else chosen.iloc[0]


def _of(row: pd.Series, column: str) -> float:
    return float(row[column])


def _initial(name: str) -> str:
    return name[:1].upper() + name[1:]
