"""The loop over epochs, for either engine.

The files, in reading order:

- engine_choice.py: how the epochs are run, and what it costs to compile
- progress.py: what training reports while it runs, and how it hears Ctrl-C
- stopping.py: early stopping, the plateau, accuracies that meet
- diagnosis.py: why a loss left the finite numbers in the first epoch
- layer_watch.py: what is written of the layers: layers.json and gradients.csv
- epoch_records.py: what is kept of each epoch: its row of the history, the last good weights
- keeper.py: when a checkpoint is written
- loop.py: the epochs, their order of events, and how training ended
"""
