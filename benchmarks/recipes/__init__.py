"""Every recipe trained, its results stored, and what is written from them: cards, pages, pictures."""
