"""What a person looks at: the article's page, its figures and tables, written all or nothing."""
