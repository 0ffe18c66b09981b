"""Predictions and scores of a model.

The files, in reading order:

- predictor.py: predictors for model files; the check that a saved file scores as the model did
- probabilities.py: log loss, and how well probabilities are calibrated
- calibration.py: the temperature by which logits are divided
- thresholds.py: the best threshold of a binary model
- threshold_curves.py: ROC and precision-recall curves over all thresholds, and the areas under them
- scores.py: confusion matrix, scores per class, errors of numbers, the baseline
- mistakes.py: the rows that a model gets wrong with the highest probability
- importance.py: what the score loses when a column is shuffled
- plane.py: a model with two inputs, asked about the whole plane of its rows
- baselines.py: scikit-learn's linear model and MLP on the same rows
- linear_form.py: what the layers before the first nonlinearity compute, in the units of the data
"""
