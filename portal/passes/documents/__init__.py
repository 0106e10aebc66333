"""What is printed, one module a document. Each has a frozen data class and `render(data, locale) -> bytes`, a PDF.

All is Chinese with English beneath; `locale` (zh_CN or en) selects the way dates are written and the document's language tag.
Nothing here reads a clock, a setting or a database; `fonts.use` must have been called. Raises DoesNotFit, fonts.NoGlyph.
"""
