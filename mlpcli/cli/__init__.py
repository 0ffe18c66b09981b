"""The command line: one file per command, with what it prints. In reading order:

- main.py: the entry point, and the one place where errors become messages and exit codes
- options.py: options that several commands share
- terminal.py: the one place that prints, and escapes what it prints
- progress_bars.py: progress of training and loading
- init.py: the command init
- validate.py: the command validate: data, plan, layers
- train_results.py: what train prints at the end of one run or several
- train.py: the command train, for one run or several
- launch.py: the command launch
- sweep.py: the command sweep
- evaluate.py: the command evaluate, and its tables
- predict.py: the command predict, and its predictions batch by batch
- combine.py: the command combine
- importance.py: the command importance
- plot.py: the command plot
- runs.py: the command runs, the list of them
- compare.py: the command compare, as a table, CSV or Markdown
- report.py: the command report
- eject.py: the command eject
- summary.py: the command summary, and the layer table
- trace.py: the command trace, and its tables
- gradcheck.py: the command gradcheck, and its verdict
- recipes.py: the command recipes, and its list
"""
