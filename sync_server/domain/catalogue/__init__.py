"""What a store offers and when: needs, skills, employees, places, languages and opening hours."""
