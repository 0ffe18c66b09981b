"""The Python API, one file per command. A workflow returns a result and prints nothing.

The files, in reading order:

- prepare.py: from a config to checked, split data with a plan, shared by train and validate
- validate.py: validate, what a config would build
- run.py: one run: its directory, its training, everything written into it
- reopen.py: an earlier run opened again, to be trained further
- series.py: several runs of one config, with means and spreads
- seeds.py: a run for each of several seeds
- out_of_fold.py: what each row was predicted to be by the run that held it out
- folds.py: a run for each fold of the rows
- train.py: train, as one run or as several
- earlier_series.py: the folder of an earlier series: what is finished, and whether it can be resumed
- resume.py: resume, of one run or of several seeds or folds
- reproduce.py: a run is trained again and compared
- recorded_data.py: the data that a saved model names, and what of it is opened
- row_ranges.py: rows in another range than the model takes, and what is said of them
- member_scores.py: of a model made of several runs, rows that none has seen, and the members' own scores
- evaluate.py: evaluate, which rows and their scores
- importance.py: importance, what the score loses when a column is shuffled
- stock_tables.py: the columns of a table for a model that mlpcli did not write
- predict_inputs.py: the inputs of predict, all checked before the model is loaded
- input_batches.py: table rows and arrays as batches for a model
- picture_batches.py: pictures as batches, cut out and inverted to be like the training pictures
- spread.py: how far the members of a model differ in their answers
- predict_output.py: predictions as labels and numbers, as a table; saved inputs
- predict.py: predict, checked and then run batch by batch
- combined_model.py: the model that combine writes, after checking that its members go together
- combine.py: combine, one model file out of several runs
- summary.py: summary, the layer table and what a model file says about itself
- gradient_case.py: a network with its loss and rows, shared by gradcheck and trace
- trace.py: trace, one example followed through a network
- gradcheck.py: gradcheck, the gradients computed in three ways
- compare.py: compare, runs side by side, ranked where their rows are the same
- grid.py: train --vary, every combination of some values, and their comparison
- eject_model.py: layers, compile and callbacks of a plan as Keras's Python
- eject_table.py: a CSV table, read and encoded with csv and NumPy
- eject_data.py: the data part of a script: reading, splitting, scaling
- eject.py: eject, a config as a Keras script that stands alone
- report.py: report, one page about a run or several
- plot.py: plot, pictures from the files of runs
- animate.py: plot --animate, how the decision boundary of a run came to be
- starter_data.py: what init knows of the data, and the preset that these get
- init_table.py: a table as init sees it: target, columns, leaks
- init_text.py: the text of a first config, and the sizes in it
- init.py: init, a first config for whatever the data is
"""
