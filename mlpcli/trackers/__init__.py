"""A run logged to experiment trackers, which may fail without harming it. In reading order:

- tracker.py: what a tracker is told of a run, and all of them told at once
- parameters.py: a config as names and values
- mlflow_tracker.py: MLflow, in a local SQLite store or on a server
- wandb_tracker.py: Weights & Biases, offline where nobody is logged in
- tensorboard_tracker.py: TensorBoard's event files
"""
