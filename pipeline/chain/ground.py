"""What every model of a deployment stands on: the network, its float model, samples, tools."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from pipeline.chain.parallel import gather, workers
from pipeline.chain.run import Run
from pipeline.chain.tools import install
from pipeline.config.places import LoadedDeployment
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.core.events import Listener
from pipeline.data.dataset import Dataset
from pipeline.data.errors import CalibrationMissing
from pipeline.stages.checkpoint.stage import CheckpointStage
from pipeline.stages.convert import ConvertStage, Model, Runtime
from pipeline.stages.data import DataStage
from pipeline.stages.evaluate import Accuracy, EvaluateStage, labels_digest
from pipeline.stages.samples import Calibration, CalibrationStage, Samples, SamplesStage
from pipeline.stages.source.artefact import Source, check_mindir
from pipeline.stages.source.stage import ModelFileStage, runtime_of
from pipeline.stages.stage import ArtefactT, Stage, run_stage
from pipeline.toolchain.toolchain import Toolchain


@dataclass(frozen=True)
class Ground:
    """``baseline`` is the model without quantization; ``calibrations``, where a recipe asked for
    any, are the draws of the calibration set, the one that counts first."""

    source: Source
    baseline: Model
    samples: Samples
    calibrations: tuple[Calibration, ...]
    toolchain: Toolchain


@dataclass
class Builder:
    """Runs stages for one deployment; what is unchanged is taken from the store."""

    loaded: LoadedDeployment
    run: Run
    listener: Listener

    def lay(self, named_toolchain: Path | None, recipes: Sequence[NamedRecipe]) -> Ground:
        """Everything that models of ``recipes`` need."""
        calibrates = any(named.recipe.needs_calibration for named in recipes)
        self._check_calibration(recipes)
        with workers() as pool:
            finding = pool.submit(install, named_toolchain, listener=self.listener)
            exporting = pool.submit(self._source, finding)
            fetching = pool.submit(self._calibration_data, calibrates)
            gather(finding, exporting, fetching)
            toolchain, calibration_data = finding.result(), fetching.result()
            test, source = exporting.result()
        check_mindir(toolchain, source.facts)
        baseline = self.stage(_convert_stage(_BASELINE, source, None, toolchain, self.run))
        shapes, last = source.reference.network_shapes, source.reference.channels_last
        samples = self.stage(SamplesStage(test, shapes, baseline.inputs, last))
        calibrations: tuple[Calibration, ...] = ()
        if calibration_data is not None:
            data = self.loaded.deployment.data
            first = CalibrationStage(
                calibration_data,
                shapes,
                baseline.inputs,
                data.calibration_samples,
                data.seed,
                last,
            )
            draws = first.draws(data.calibration_draws)
            calibrations = tuple(self.stage(stage) for stage in draws)
        return Ground(source, baseline, samples, calibrations, toolchain)

    def convert(self, ground: Ground, named: NamedRecipe, draw: int = 0) -> Model:
        """The proved model of one recipe, with the calibration set of a draw."""
        calibration = ground.calibrations[draw] if named.recipe.needs_calibration else None
        stage = _convert_stage(
            named, ground.source, calibration, ground.toolchain, self.run, ground.baseline
        )
        return self.stage(stage)

    def evaluate(self, ground: Ground, model: Model) -> Accuracy:
        """Its accuracy on the test set."""
        samples = ground.samples
        return self.stage(EvaluateStage(model, samples, labels_digest(samples), ground.toolchain))

    def stage(self, stage: Stage[ArtefactT]) -> ArtefactT:
        """Run a stage and note it in the manifest."""
        outcome = run_stage(self.run.store, stage, self.listener)
        self.run.stages.append(outcome.as_json())
        return outcome.artefact

    def _check_calibration(self, recipes: Sequence[NamedRecipe]) -> None:
        if self.loaded.deployment.data.calibration is None:
            for named in recipes:
                if named.recipe.needs_calibration:
                    raise CalibrationMissing(named.name)

    def _source(self, finding: Future[Toolchain]) -> tuple[Dataset, Source]:
        deployment, logs = self.loaded.deployment, self.run.logs
        data, path = deployment.data, deployment.python_path
        test = self.stage(DataStage(data.test, path, "test", logs))
        if deployment.inputs:
            test = test.ordered([item.name for item in deployment.inputs])
        if deployment.network is not None:
            checkpoint = CheckpointStage(
                network=deployment.network,
                inputs=deployment.inputs,
                python_path=path,
                dataset=test,
                parity_samples=deployment.parity_samples,
                seed=data.seed,
                logs=logs,
            )
            return test, self.stage(checkpoint)
        assert deployment.model is not None  # a deployment has one of both
        needs_toolchain = runtime_of(deployment.model) is Runtime.FP32_MODEL
        model = ModelFileStage(
            model=deployment.model,
            inputs=deployment.inputs,
            dataset=test,
            parity_samples=deployment.parity_samples,
            seed=data.seed,
            logs=logs,
            # It was asked for first, so it has a thread and will come.
            toolchain=finding.result() if needs_toolchain else None,
        )
        return test, self.stage(model)

    def _calibration_data(self, wanted: bool) -> Dataset | None:
        deployment = self.loaded.deployment
        named = deployment.data.calibration
        if named is None or not wanted:
            return None
        stage = DataStage(named, deployment.python_path, "calibration", self.run.logs)
        return self.stage(stage)


def _convert_stage(
    named: NamedRecipe,
    source: Source,
    calibration: Calibration | None,
    toolchain: Toolchain,
    run: Run,
    baseline: Model | None = None,
) -> ConvertStage:
    return ConvertStage(
        recipe_name=named.name,
        recipe=named.recipe,
        graph=source.graph,
        graph_digest=source.digest,
        reference=source.reference,
        calibration=calibration,
        toolchain=toolchain,
        logs=run.logs,
        baseline=baseline,
    )


_BASELINE = NamedRecipe(name="baseline", path=Path("fp32.yaml"), recipe=Recipe())
