"""The loop over epochs, for either engine.

The files, in reading order:

- engine_choice.py: how the epochs are run, and what it costs to compile
- progress.py: what training reports while it runs, and how it hears Ctrl-C
- stopping.py: early stopping, the plateau, accuracies that meet
- diagnosis.py: why a loss left the finite numbers in the first epoch
- loop.py: the epochs, their records, the last good weights, and how training ended
"""
