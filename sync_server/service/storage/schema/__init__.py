"""The schema of `store.db`: its tables as a list of migrations, its views, and how a file gets them."""
