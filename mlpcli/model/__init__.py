"""Every `auto` decided: layers, sizes, loss.

The files, in reading order:

- shapes.py: shapes, sizes, and a layer as a plan or a file describes it
- layer_rules.py: for each layer its output shape, its weights, and what fits them
- metric_rules.py: metrics that say nothing about the outputs
- target_rules.py: losses and metrics that say nothing about the targets' values
- output_layer.py: the output, which the last of the layers may be; what a calibration asks of it
- compilation.py: what a model was compiled with
- objective.py: loss, metrics and output, chosen and checked; a target in its own units
- members.py: several networks in one, and what they share
- input_layers.py: what scales, and a learnt factor for each input
- stack.py: the layers in order, from the short or the long form; names that TensorFlow takes
- plan.py: the whole plan, and what training is given
- memory.py: the bytes that it needs at the least, and what cannot have them
"""
