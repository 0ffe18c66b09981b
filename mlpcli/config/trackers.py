"""`output.trackers`: the experiment trackers that a run is logged to, and what it is called there."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from mlpcli.config.base import Component, one_of

Name = Annotated[str, Field(min_length=1, max_length=250)]


class Tracker(Component):
    """A tracker. packages: what the extra of its name installs for it."""

    packages: ClassVar[tuple[str, ...]] = ()


class Mlflow(Tracker, tag="mlflow", positional="experiment"):
    """experiment: null is MLFLOW_EXPERIMENT_NAME, or else the config's name. run: null is the run directory's name."""

    packages: ClassVar[tuple[str, ...]] = ("mlflow", "sqlalchemy", "alembic")
    experiment: Name | None = None
    run: Name | None = None


class Wandb(Tracker, tag="wandb", positional="project"):
    """project: null is WANDB_PROJECT, or else the config's name. run: null is WANDB_NAME, or else as for MLflow."""

    packages: ClassVar[tuple[str, ...]] = ("wandb",)
    project: Name | None = None
    run: Name | None = None


class Tensorboard(Tracker, tag="tensorboard"):
    """Event files in the run directory, which is all that TensorBoard needs to name a run."""

    packages: ClassVar[tuple[str, ...]] = ("tensorboard",)


TRACKERS = (Mlflow, Wandb, Tensorboard)
if TYPE_CHECKING:
    AnyTracker = Mlflow | Wandb | Tensorboard
else:
    AnyTracker = one_of(TRACKERS)
