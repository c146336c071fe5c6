"""``carafe train``: from a table, or a recipe, to a version that can be served."""

from __future__ import annotations

from importlib import import_module

import click

from carafe.cli import said, terminal
from carafe.cli.home import opened_registry
from carafe.cli.reading import Reading, reads_table
from carafe.registry import Promotion

ALGORITHMS = (
    "auto, linear, ridge, lasso, elastic-net, logistic, tree, forest, extra-trees, boosting, lightgbm, svm, mlp, knn, "
    "naive-bayes, baseline"
)
"""The names of the catalogue, which is not read here: it loads scikit-learn."""


@click.command("train")
@reads_table
@click.option("--target", metavar="COLUMN", help="The column to predict. A recipe names its own.")
@click.option("--name", metavar="NAME", help="The model's name. Default: that of the file.")
@click.option("--algorithm", metavar="NAME", help=f"One of {ALGORITHMS}. Default: auto.")
@click.option("--time-budget", type=click.FloatRange(min=0, min_open=True), help="Seconds for auto. Default: 60.")
@click.option("--cross-validate", type=click.IntRange(2), metavar="K", help="Score an algorithm on K folds, too.")
@click.option("--test-size", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Default: 0.2.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Chooses the held-out rows. Default: 42.")
@click.option("--drop", metavar="COLUMN", multiple=True, help="Leave a column out; may come several times.")
@click.option("--promote", is_flag=True, help="Make the version champion, unless the model's gates refuse it.")
@click.option("--promote-if-better", is_flag=True, help="Make it champion if it beats the champion on the same rows.")
@click.option(
    "--keep-rows/--no-keep-rows",
    default=None,
    help="Whether up to 2,000 held-out rows stay with the version, to compare later ones on. Default: they do.",
)
@said.reason
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def command(
    *, reading: Reading, promote: bool, promote_if_better: bool, reason: str, as_json: bool, **changes: object
) -> None:
    """Learn to predict a column of DATA, measure the model on rows it has not seen, and publish it.

    DATA is a table, or a recipe that `carafe init` wrote (its name ends in .toml). A model's first version becomes its
    champion, which answers; a later one only with --promote or --promote-if-better, or by `carafe promote`.
    """
    if promote and promote_if_better:
        raise click.UsageError("--promote and --promote-if-better exclude each other")
    recipes, training = import_module("carafe.cli.recipes"), import_module("carafe.cli.training")  # load scikit-learn
    order = recipes.order_from(reading, recipes.Changes(**changes))
    name = training.model_name(order)
    wanted = Promotion.ALWAYS if promote else Promotion.IF_BETTER if promote_if_better else Promotion.FIRST_ONLY
    with opened_registry(new=True) as registry:  # first: no long run is to end at a home that can't be used
        trained = training.run(order)
        version = training.publish(trained, name=name, registry=registry, promote=wanted, reason=reason)
        broken = training.broken(registry, version)
    if as_json:
        terminal.print_json(training.document(trained, version, broken=broken))
    else:
        training.show(trained, version, promote=wanted, broken=broken)
