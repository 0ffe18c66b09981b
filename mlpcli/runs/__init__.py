"""What a run leaves behind on disk, written and read. In reading order:

- directory.py: a run directory: its name and files, and the folder of several seeds
- run_file.py: one of its files opened within bounds
- history.py: history.csv, one row per epoch
- checkpoint.py: checkpoint/, the state of the last epoch, for resuming
- leftovers.py: what killed processes have left half written, removed
- read_run.py: a run's curves, config and evaluation, as others need them
- run_summary.py: what came of a run or of the seeds of one, for lists and comparisons
- diagnoses.py: what the numbers of a run say, and what to try
- run_labels.py: labels for several runs, from the differences between their configs
"""
