"""How a profile looks: text for a terminal, a figure, and a page of its own."""
