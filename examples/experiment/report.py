"""What an experiment leaves: all results, the table and the page."""

from __future__ import annotations

from pathlib import Path

from examples.experiment import speed_table, table
from examples.experiment.page import write_page
from examples.experiment.result import summaries
from examples.experiment.runner import Experiment, Outcome, Tell
from examples.experiment.speed import Speed, graphs, speeds
from pipeline.core import files
from pipeline.core.errors import PipelineError


def write(experiment: Experiment, outcome: Outcome, readme: Path | None, tell: Tell) -> list[Path]:
    """Write results.json, table.md and report.html into the experiment's folder, and the table
    into ``readme``; gives the paths. Raises NoPlaceForTable."""
    folder, plan = experiment.folder, experiment.plan
    found = summaries(outcome.results)
    about = table.Circumstances(
        experiment.samples.name,
        outcome.results[0].n,
        len(plan.seeds),
        plan.epochs,
        plan.tuning_epochs,
    )
    failed = {name: error.message for name, error in outcome.failed.items()}
    fast, same = _speeds(experiment, outcome, tell), graphs(experiment, outcome.results)
    text = table.markdown(found, about, failed, speed_table.markdown(fast, same))
    results, own, page = (folder / name for name in ("results.json", "table.md", "report.html"))
    files.write_json(results, [one.to_json() for one in outcome.results])
    files.write_text(own, text)
    write_page(page, experiment, outcome, found, about, fast, same)
    if readme is not None:
        table.put(readme, text)
    return [results, own, page, *([readme] if readme else [])]


def _speeds(experiment: Experiment, outcome: Outcome, tell: Tell) -> list[Speed]:
    """None where there is nothing to measure on, which is told and loses nothing else."""
    try:
        return speeds(experiment, outcome.results, tell)
    except PipelineError as error:
        tell(f"not measured: {error.message} ({error.hint})")
        return []
