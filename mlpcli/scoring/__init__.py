"""A model asked and scored.

The files, in reading order:

- predictor.py: a model file to something that predicts; a saved file that scores what the model scored
- scores.py: confusion matrix, scores per class, errors of numbers, the baseline
"""
