"""The attribution stage: every model with its publisher, its origin and its family."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
from ibis.expr.types import Table

from generator.attribution import families, lineage, registry
from generator.dataset import CREATION_FLOOR, Dataset

UNATTRIBUTED = "unattributed"
MIXED = "(mixed lineage)"
UNKNOWN_ORIGIN = "(unknown origin)"

LENSES = ("publisher", "origin")
OWNER = ("organisation", "country", "sector")
KIND = ("family", *(f"{lens}_{part}" for lens in LENSES for part in ("country", "sector", "role")))


@dataclass(frozen=True)
class Attribution:
    """The tables that metrics join to.

    ``models``: model, model_id, author, created_on, family, root_id (null for a merge of several roots or a cycle),
    roots (how many), in_cycle, and for each lens ``<lens>_organisation``, ``_country``, ``_sector``, ``_role``.

    Models that have all in common that shares are taken of share a number: ``kind`` for country, sector and role under
    both lenses and family, ``publisher`` and ``origin`` for organisation, country and sector under one lens.

    ``lenses``: model, model_id, created_on, family, lens (publisher | origin), organisation, country, sector, role: the
    same in long form, two rows a model. ``country`` and ``sector`` are ``unattributed`` where the registry does
    not know the namespace; ``organisation`` is then the namespace itself.

    ``kinds``: kind, family and for each lens ``<lens>_country``, ``_sector``, ``_role``; one row a kind.

    ``owners``: lens, owner (a number of ``publisher`` or ``origin``), organisation, country, sector, and body, which
    numbers the organisations: one that is listed in two countries is two owners and one body.
    """

    models: Table
    lenses: Table
    kinds: Table
    owners: Table


def attribute(data: Dataset, organisations: Sequence[registry.Organisation] | None = None) -> Attribution:
    """Join the models of a data set to the registry, their lineage and their family.

    Args:
        data: what the archive holds.
        organisations: the registry to use, the published one by default.

    Raises:
        ReportError: the registry or the family rules break their schema.
    """
    backend = data.backend
    rules = families.load()
    listed = registry.load() if organisations is None else organisations
    known = backend.create_table("organisations", ibis.memtable(registry.frame(listed)))
    roots = backend.create_table("roots", lineage.roots(backend, data.models))
    children = backend.table("lineage_edges").select("model_id").distinct()

    published = _publisher(data.models, known)
    # Whoever held the root's namespace when the root was made; of a root that is gone, when the model was.
    ages = published.select("model_id", made=published.created_on.fill_null(CREATION_FLOOR))
    dated_roots = (
        roots.inner_join(ages.rename(model_made="made"), "model_id")
        .left_join(ages.select(root_id="model_id", root_made="made"), "root_id")
        .select("model_id", "root_id", root_created_on=lambda row: row.root_made.fill_null(row.model_made))
    )
    inherited = _inherited(backend.create_table("dated_roots", dated_roots), known)
    developers = known.group_by("organisation").aggregate(country=known.country.min(), sector=known.sector.min())
    # Only of these is the name asked for its developer; patterns are what takes longest here.
    repacked = published.filter(published.publisher_role == "intermediary")
    named = (
        repacked.select("model_id", named_organisation=families.developer_of(repacked.model_id, rules))
        .inner_join(developers, [("named_organisation", "organisation")])
        .select("model_id", "named_organisation", named_country="country", named_sector="sector")
    )
    joined = (
        published.left_join(inherited, "model_id")
        .drop("model_id_right")
        .left_join(named, "model_id")
        .drop("model_id_right")
        .left_join(children.mutate(has_parents=True), "model_id")
        .drop("model_id_right")
    )
    descends = joined.roots.notnull()
    # A re-packager that does not say what it re-packaged is no developer: its name must tell, or nothing does.
    unclear = ~descends & (joined.publisher_role == "intermediary")

    def origin(inherited_value: str, named_value: str, publisher_value: str, unknown: str) -> ibis.Value:
        return ibis.cases(
            (descends, joined[inherited_value]),
            (unclear, joined[named_value].fill_null(unknown)),
            else_=joined[publisher_value],
        )

    own_root = ibis.ifelse(descends, joined.root_id, joined.model_id)
    own_family = ibis.ifelse(
        own_root.identical_to(joined.model_id), ibis.null("string"), families.family_of(joined.model_id, rules)
    )
    told = backend.create_table(
        "models_and_origins",
        joined.select(
            "model",
            "model_id",
            "author",
            "created_on",
            "publisher_organisation",
            "publisher_country",
            "publisher_sector",
            "publisher_role",
            root_id=ibis.ifelse(joined.has_parents.fill_null(False) & ~descends, ibis.null("string"), own_root),
            roots=joined.roots.fill_null(0),
            in_cycle=joined.has_parents.fill_null(False) & ~descends,
            origin_organisation=origin(
                "inherited_organisation", "named_organisation", "publisher_organisation", UNKNOWN_ORIGIN
            ),
            origin_country=origin("inherited_country", "named_country", "publisher_country", UNATTRIBUTED),
            origin_sector=origin("inherited_sector", "named_sector", "publisher_sector", UNATTRIBUTED),
            family=families.family_of(own_root, rules).fill_null(own_family),
        ).mutate(origin_role=ibis.literal("developer")),
    )
    models = backend.create_table("attributed_models", _numbered(told))
    owners = ibis.union(
        *(
            models.group_by(owner=models[lens])
            .aggregate(**{part: models[f"{lens}_{part}"].min() for part in OWNER})
            .mutate(lens=ibis.literal(lens))
            for lens in LENSES
        )
    )
    kinds = models.group_by("kind").aggregate(**{part: models[part].min() for part in KIND})
    lenses = ibis.union(
        *(
            models.select(
                "model",
                "model_id",
                "created_on",
                "family",
                lens=ibis.literal(lens),
                role=models[f"{lens}_role"],
                **{part: models[f"{lens}_{part}"] for part in OWNER},
            )
            for lens in LENSES
        )
    )
    return Attribution(
        models,
        backend.create_table("lenses", lenses),
        backend.create_table("kinds", kinds),
        backend.create_table(
            "owners", owners.mutate(body=ibis.dense_rank().over(order_by="organisation").cast("int32"))
        ),
    )


def _numbered(models: Table) -> Table:
    """Models with the numbers of their kind and of their owners under both lenses."""
    numbered = models
    for name, of in {"kind": KIND, **{lens: [f"{lens}_{part}" for part in OWNER] for lens in LENSES}}.items():
        # Numbered once each and looked up, since to rank every model would have all of them sorted.
        numbers = models.select(*of).distinct()
        numbers = numbers.mutate(**{name: ibis.row_number().over(order_by=list(of)).cast("int32")})
        alike = [numbered[column].identical_to(numbers[column]) for column in of]
        numbered = numbered.inner_join(numbers, alike).select(*numbered.columns, name)
    return numbered


def _holds(known: Table, namespace: ibis.Value, on: ibis.Value) -> list[ibis.Value]:
    moment = on.fill_null(ibis.literal(CREATION_FLOOR)).cast("timestamp")
    # The Hub tells no names apart that differ in case alone.
    return [known.namespace.lower() == namespace.lower(), known.valid_from <= moment, moment < known.valid_until]


def _publisher(models: Table, known: Table) -> Table:
    matched = models.select("model", "model_id", "author", "created_on").left_join(
        known, _holds(known, models.author, models.created_on)
    )
    return matched.select(
        "model",
        "model_id",
        "author",
        "created_on",
        publisher_organisation=ibis.coalesce(matched.organisation, matched.author, matched.model_id),
        publisher_country=matched.country.fill_null(UNATTRIBUTED),
        publisher_sector=matched.sector.fill_null(UNATTRIBUTED),
        publisher_role=matched.role.fill_null("developer"),
    )


def _inherited(roots: Table, known: Table) -> Table:
    """What the roots of a model agree on; where they do not, the origin is mixed and stays unattributed."""
    namespace = roots.root_id.split("/")[0]
    matched = roots.left_join(known, _holds(known, namespace, roots.root_created_on)).select(
        "model_id",
        "root_id",
        organisation=lambda row: row.organisation.fill_null(row.root_id.split("/")[0]),
        country=lambda row: row.country.fill_null(UNATTRIBUTED),
        sector=lambda row: row.sector.fill_null(UNATTRIBUTED),
    )

    def agreed(name: str, otherwise: str) -> ibis.Value:
        return ibis.ifelse(matched[name].nunique() == 1, matched[name].min(), otherwise)

    return matched.group_by("model_id").aggregate(
        roots=matched.root_id.nunique(),
        root_id=ibis.ifelse(matched.root_id.nunique() == 1, matched.root_id.min(), ibis.null("string")),
        inherited_organisation=agreed("organisation", MIXED),
        inherited_country=agreed("country", UNATTRIBUTED),
        inherited_sector=agreed("sector", UNATTRIBUTED),
    )
