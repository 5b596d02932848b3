"""From a configuration to proved models: data, source, calibration, conversion, evaluation."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.chain.run import Run
from pipeline.chain.tools import install
from pipeline.config.places import LoadedDeployment
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.core import process
from pipeline.core.events import Listener
from pipeline.core.tensors import TensorFacts
from pipeline.data.dataset import Dataset
from pipeline.data.errors import CalibrationMissing
from pipeline.stages.checkpoint.stage import CheckpointStage
from pipeline.stages.convert import ConvertStage, Model, Runtime
from pipeline.stages.data import DataStage
from pipeline.stages.evaluate import Accuracy, EvaluateStage, labels_digest
from pipeline.stages.samples import Calibration, CalibrationStage, Samples, SamplesStage
from pipeline.stages.source.artefact import Source
from pipeline.stages.source.stage import ModelFileStage, runtime_of
from pipeline.stages.stage import ArtefactT, Stage, run_stage
from pipeline.toolchain.toolchain import Toolchain


@dataclass(frozen=True)
class Built:
    """A proved model and its accuracy."""

    recipe: NamedRecipe
    model: Model
    accuracy: Accuracy
    kept: Path


@dataclass(frozen=True)
class Build:
    """All models of a deployment; ``baseline`` is the one without quantization."""

    source: Source
    baseline: Model
    samples: Samples
    models: tuple[Built, ...]
    toolchain: Toolchain


def build(loaded: LoadedDeployment, run: Run, toolchain: Path | None, listener: Listener) -> Build:
    """Run every stage up to evaluation; what is unchanged is taken from the store."""
    return _Builder(loaded, run, listener).build(toolchain or loaded.deployment.toolchain)


@dataclass
class _Builder:
    loaded: LoadedDeployment
    run: Run
    listener: Listener

    def build(self, named_toolchain: Path | None) -> Build:
        self._check_calibration()
        with workers() as pool:
            finding = pool.submit(install, named_toolchain, listener=self.listener)
            exporting = pool.submit(self._source, finding)
            fetching = pool.submit(self._calibration_data)
            gather(finding, exporting, fetching)
            toolchain, calibration_data = finding.result(), fetching.result()
            test, source = exporting.result()
        baseline = self._convert(_BASELINE, source, None, toolchain)
        shapes, last = source.reference.network_shapes, source.reference.channels_last
        samples = self._stage(SamplesStage(test, shapes, baseline.inputs, last))
        calibration = None
        if calibration_data is not None:
            data = self.loaded.deployment.data
            calibration = self._stage(
                CalibrationStage(
                    calibration_data,
                    shapes,
                    baseline.inputs,
                    data.calibration_samples,
                    data.seed,
                    last,
                )
            )
        with workers() as pool:
            # Full quantization takes longest, so it starts first.
            jobs = {
                named.name: pool.submit(
                    self._one, named, source, calibration, samples, toolchain, baseline.inputs
                )
                for named in sorted(
                    self.loaded.recipes, key=lambda one: not one.recipe.needs_calibration
                )
            }
            gather(*jobs.values())
            models = [jobs[named.name].result() for named in self.loaded.recipes]
        return Build(source, baseline, samples, tuple(models), toolchain)

    def _one(
        self,
        named: NamedRecipe,
        source: Source,
        calibration: Calibration | None,
        samples: Samples,
        toolchain: Toolchain,
        expects: tuple[TensorFacts, ...],
    ) -> Built:
        model = self._convert(named, source, calibration, toolchain, expects)
        accuracy = self._stage(EvaluateStage(model, samples, labels_digest(samples), toolchain))
        name = f"{self.loaded.deployment.name}.{named.name}.ms"
        return Built(named, model, accuracy, self.run.keep_model(model.path, name))

    def _check_calibration(self) -> None:
        if self.loaded.deployment.data.calibration is None:
            for named in self.loaded.recipes:
                if named.recipe.needs_calibration:
                    raise CalibrationMissing(named.name)

    def _source(self, finding: Future[Toolchain]) -> tuple[Dataset, Source]:
        deployment, logs = self.loaded.deployment, self.run.logs
        data, path = deployment.data, deployment.python_path
        test = self._stage(DataStage(data.test, path, "test", logs))
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
            return test, self._stage(checkpoint)
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
        return test, self._stage(model)

    def _calibration_data(self) -> Dataset | None:
        deployment = self.loaded.deployment
        named = deployment.data.calibration
        if named is None or not any(one.recipe.needs_calibration for one in self.loaded.recipes):
            return None
        stage = DataStage(named, deployment.python_path, "calibration", self.run.logs)
        return self._stage(stage)

    def _convert(
        self,
        named: NamedRecipe,
        source: Source,
        calibration: Calibration | None,
        toolchain: Toolchain,
        expects: tuple[TensorFacts, ...] = (),
    ) -> Model:
        return self._stage(
            ConvertStage(
                recipe_name=named.name,
                recipe=named.recipe,
                graph=source.graph,
                graph_digest=source.digest,
                reference=source.reference,
                calibration=calibration if named.recipe.needs_calibration else None,
                toolchain=toolchain,
                logs=self.run.logs,
                expects=expects,
            )
        )

    def _stage(self, stage: Stage[ArtefactT]) -> ArtefactT:
        outcome = run_stage(self.run.store, stage, self.listener)
        self.run.stages.append(outcome.as_json())
        return outcome.artefact


_BASELINE = NamedRecipe(name="baseline", path=Path("fp32.yaml"), recipe=Recipe())


@contextmanager
def workers() -> Iterator[ThreadPoolExecutor]:
    """A thread a core; the threads wait for child processes, which die when we are interrupted."""
    pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        ending = threading.Thread(target=pool.shutdown)
        ending.start()
        while ending.is_alive():  # a thread that was between two programs starts its next one
            process.kill_all()
            ending.join(0.05)
        raise
    pool.shutdown(wait=True)


def gather(*futures: Future[Any]) -> None:
    """Wait for all; the first failure ends the wait at once."""
    pending = set(futures)
    while pending:
        # A wait without an end would not hear Ctrl-C.
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
