"""The pages of people that are no plain form: a list from a spreadsheet, and slips with new PINs."""
