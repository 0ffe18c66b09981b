"""What a run leaves behind on disk, written and read. In reading order:

- directory.py: a run directory: its name and files, and the folder of several seeds or folds
- run_file.py: one of its files opened within bounds
- history.py: history.csv, one row per epoch
- array_file.py: numbers, texts and arrays in one file
- checkpoint.py: checkpoint/, the state of the last epoch, for resuming
- snapshots.py: snapshots.npz, the weights of a small network after some epochs
- plane.py: plane.npz, what a network with two inputs says to the whole plane
- layer_file.py: layers.json, what the layers were like at the start and at the end
- leftovers.py: what killed processes have left half written, removed
- read_run.py: a run's curves, config and evaluation, as others need them
- run_summary.py: what came of a run or of the seeds or folds of one, for lists and comparisons
- sweep_file.py: sweep.json, the trials of a sweep
- diagnoses.py: what the numbers of a run say, and what to try
- run_labels.py: labels for several runs, from the differences between their configs
"""
