"""The schema of a config: which keys and values it may have, and where each stands in the file. In reading order:

- base.py: strict sections, components that can be written in four ways, value ranges
- sections.py: the sections data, model, training and output: every key with its default
- data_words.py: the built-in names, the tasks, and as what columns are read
- trackers.py: the experiment trackers that a run is logged to
- thresholds.py: what the threshold of a binary model is to be best for
- sweep.py: the section sweep: what is searched
- schema.py: the whole config, and settings that contradict each other
- layers.py: Keras's layers and activations
- optimizers.py: Keras's optimizers
- schedules.py: learning-rate schedules, and reduce_on_plateau
- losses.py: Keras's losses, and the labels and output that each requires
- metrics.py: Keras's metrics, and the tasks each is for
- initializers.py: Keras's initializers
- regularizers.py: Keras's regularizers and constraints
- yaml_reader.py: strict YAML in which every value keeps its line; syntax errors explained
- yaml_writer.py: a config, a value or a comment as YAML
- yaml_names.py: names of columns as YAML, for messages
- keras_code.py: Keras's Python, as tutorials have it, and the YAML for it
- problems.py: pydantic's errors as messages, with the nearest valid key or name
- overrides.py: -s, and other values put into a parsed config
- sweep_parameters.py: the parameters of a sweep put into its config, and checked there
- data_paths.py: the paths of the data section, made absolute
- load_config.py: a file and its -s overrides to a checked Config
"""
