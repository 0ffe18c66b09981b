"""Building and training by Keras, which only this room and backend.py import.

The files, in reading order:

- build.py: a plan or a saved model as a Keras model; its gradients by tape
- programs.py: what XLA compiled, kept in the cache for later runs
- graphs.py: the graph functions of an epoch, traced once for all equal networks of a process
- resident.py: a whole epoch in one graph, with no Python between the steps
- keras_predictor.py: a model asked and scored, batch by batch
- keras_epochs.py: an epoch by Keras, and batches as Keras takes them
- team.py: the processes and GPUs that train one model together: how they meet, and notice a loss
- workers.py: resident epochs whose batches a team shares
"""
