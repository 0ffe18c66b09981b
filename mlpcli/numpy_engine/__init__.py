"""Networks computed with NumPy alone: each layer written as in a textbook, with Keras's results.

The files, in reading order:

- layer.py: what every layer is, and the first two: dense, and activations as layers
- activations.py: activation functions and their derivatives
- normalization.py: rescaling, batch and layer normalization
- convolution.py: convolution, and the windows that slide over an image
- pooling.py: pooling
- reshaping.py: layers that only move values
- noise.py: Dropout and its relatives
- members.py: several networks in one, and the mean of their losses
- losses.py: what a loss is; losses of numbers; penalties on weights
- crossentropy.py: crossentropies, and softmax with crossentropy as one layer
- class_losses.py: hinges, focal losses, overlaps
- metrics.py: what a metric is; accuracies; counts at one threshold
- threshold_metrics.py: metrics over many thresholds (AUC, and one rate at another)
- registry.py: the NumPy class for each layer of the schema
- initializers.py: initial weights
- network.py: layers one after another, made from their descriptions: forward, backward
- inference.py: the same network in as few steps as possible
- ensemble.py: several networks, and the average of their outputs
- optimizers.py: SGD, Adagrad, RMSprop and Adam on one flat vector
- schedules.py: the learning rate as a function of the step
- step.py: one step of training; the gradients of a batch
- layer_statistics.py: histograms of weights and activations, dead and saturated units, norms of gradients
- gradient_check.py: backpropagation compared with central differences
- threads.py: products of small matrices on one thread
- numpy_objective.py: loss and metrics over batches; the NumPy class for each of the schema
- numpy_model.py: a network with loss, metrics and optimizer: evaluated, saved
- numpy_predictor.py: a network that is asked
- supported.py: whether a plan can be trained here, found out without building a network
- numpy_epochs.py: an epoch of training, and its noise
"""
