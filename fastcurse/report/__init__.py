"""What a person looks at: the article's page, a profile's page, figures and tables, each file whole at any moment."""
