"""Model files of other formats, each checked by its own runtime.

The room is not called export/: `mlpcli.export` is the function.

The files, in reading order:

- formats.py: the formats, the rows that each is checked on, and what a file of each tells of the model
- checked.py: written aside, run, compared, moved to its place
- network.py: the layers with their weights, for the formats that mlpcli writes itself
- onnx.py: ONNX files; onnx_graph.py, their nodes and constants; onnx_columns.py, onnx_layers.py, onnx_activations.py,
  what the columns of a table, layers and activations are in operators of ONNX
- numpy_module.py: a Python file that needs NumPy alone; numpy_layers.py, the lines of its layers; numpy_functions.py,
  what these call
- keras_file.py: a .keras as .h5, or the other way round
- saved_model.py: TensorFlow's SavedModel
- litert.py: LiteRT, for phones, made from that
"""
