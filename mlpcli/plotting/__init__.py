"""Pictures, drawn from the files of a run alone. In reading order:

- style.py: the look of all pictures, fonts for every script, saving
- axis_limits.py: the limits, scale and ticks of an axis
- picture_options.py: limits, title, names and size that a user sets
- curves.py: the curves of a run, and their colours
- panel.py: one metric's curves, the best epoch, the axes
- legend.py: what the curves are called
- learning_curves.py: loss and metrics against epochs, panel by panel
- terminal_curves.py: the same as text
- confusion_matrix.py: the confusion matrix
- threshold_curves.py: ROC and precision-recall curves
- reliability.py: share of right answers against the probability given
- predicted_against_true.py: predicted against true values
- residuals.py: errors of numbers against what was predicted
- fitted_curve.py: the curve of a model with one input through its points
- mistakes.py: the worst mistakes, as pictures or rows
- layer_histograms.py: weights and activations of each layer at the start and at the end
- first_layer.py: the weights of the first layer as pictures
- gradients.py: the norm of each layer's gradient against epochs
- importance.py: what each column is worth
- plane_colours.py: the colours of a plane of two inputs
- decision_boundary.py: the regions of classes over two inputs, or a surface of numbers
- hidden_units.py: the outputs of hidden units over two inputs
- plane_animation.py: the regions epoch by epoch, as a GIF
- pictures.py: the list of all pictures: what each is drawn from, and when
- folds.py: the score of each fold, and the curves of all
- run_plots.py: the pictures of a run drawn, and the curves of several runs, seeds or folds
- sweep_pictures.py: the trials of a sweep, its parameters, and what each of them matters
"""
