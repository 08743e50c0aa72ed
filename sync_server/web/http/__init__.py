"""What all pages and the API share: transport, headers, languages, templates, JSON answers, event streams."""
