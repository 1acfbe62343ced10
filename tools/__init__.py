"""Programs around the workflow: they ask it questions and write its pages, and no rule depends on them."""
