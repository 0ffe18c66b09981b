# The types of the functions that __init__.py imports when they are first asked for; editors and mypy read this file.
from mlpcli.recipes import copy_recipe as copy_recipe
from mlpcli.recipes import list_recipes as list_recipes
from mlpcli.recipes import show_recipe as show_recipe
from mlpcli.workflows.combine import combine as combine
from mlpcli.workflows.compare import compare as compare
from mlpcli.workflows.eject import eject as eject
from mlpcli.workflows.evaluate import evaluate as evaluate
from mlpcli.workflows.export import export as export
from mlpcli.workflows.gradcheck import gradcheck as gradcheck
from mlpcli.workflows.grid import train_grid as train_grid
from mlpcli.workflows.importance import importance as importance
from mlpcli.workflows.init import init as init
from mlpcli.workflows.package import package as package
from mlpcli.workflows.plot import plot as plot
from mlpcli.workflows.predict import predict as predict
from mlpcli.workflows.report import report as report
from mlpcli.workflows.reproduce import reproduce as reproduce
from mlpcli.workflows.resume import resume as resume
from mlpcli.workflows.summary import summary as summary
from mlpcli.workflows.sweep import sweep as sweep
from mlpcli.workflows.trace import trace as trace
from mlpcli.workflows.train import train as train
from mlpcli.workflows.train import train_folds as train_folds
from mlpcli.workflows.train import train_seeds as train_seeds
from mlpcli.workflows.validate import validate as validate

__version__: str
