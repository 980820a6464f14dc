"""What a person looks at: the article's page, its figures and tables, written so that no file is ever half there."""
