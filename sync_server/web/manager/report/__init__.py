"""The page Report: any period in three sentences, four chapters, and pictures with their tables."""
