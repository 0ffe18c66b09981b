"""The configs that come with mlpcli: where they lie, and the card that each of them opens with."""
