"""Keras's layers that the schema leaves out, each with its reason; no part of the program needs this table.

A test compares it with Keras, so that a layer that is new there asks for a decision here.
"""

from __future__ import annotations

import re

LAYERS_LEFT_OUT = {
    "is a base class, not a layer of its own": "Layer|Wrapper|InputSpec",
    "is made from the data": "InputLayer",
    "is what `data.scaling` fits on the training rows and puts first": "Normalization",
    "runs Python code, which a config cannot hold": "Lambda",
    "works on sequences, one step after the other": (
        r"\w*RNN|\w*RNNCells?|GRU\w*|LSTM\w*|ConvLSTM\dD|Bidirectional|TimeDistributed"
    ),
    "attends within sequences": r"\w*Attention",
    "makes or marks sequences": r"Embedding|ReversibleEmbedding|Masking|RepeatVector",
    "contracts tensors by an equation; `dense` is the case for rows": "EinsumDense",
    "is for sequences (1D) or volumes (3D); images are 2D": r"\w+[13]D(Transpose)?",
    "grows images, as generators and segmentation do": "Conv2DTranspose",
    "merges branches, which a sequence of layers does not have": (
        "Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract"
    ),
    "turns text and categories into numbers, which data preparation does": (
        "TextVectorization|StringLookup|IntegerLookup|Hashing|HashedCrossing|CategoryEncoding|Discretization"
    ),
    "augments images": (
        r"Random\w+|RandAugment|AugMix|CutMix|MixUp|AutoContrast|Equalization|Solarization"
        "|ContrastLimitedAdaptiveHistogramEqualization"
    ),
    "prepares images or their boxes": "CenterCrop|Resizing|MaxNumBoundingBoxes|Pipeline",
    "turns sound into spectra": "MelSpectrogram|STFTSpectrogram",
    "wraps a model of another framework": "FlaxLayer|JaxLayer|TorchModuleWrapper|TFSMLayer",
    "wraps another layer, which a list of layers has no words for": "SpectralNormalization",
    "came after the oldest Keras that is supported": "RMSNormalization|AdaptiveAveragePooling2D|AdaptiveMaxPooling2D",
}
"""Reason to the Keras classes it holds for, as a regular expression for the whole name."""


def reason_left_out(keras_class: str) -> str | None:
    """Why the schema has no such layer; None where no reason is known."""
    return next((reason for reason, names in LAYERS_LEFT_OUT.items() if re.fullmatch(names, keras_class)), None)
