"""The languages of the product. Every other list of languages is derived from this one."""

LANGUAGES = ("en", "nl", "fi")
