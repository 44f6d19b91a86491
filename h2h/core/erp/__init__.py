"""Statements in the forms that an ERP imports: what each of them keeps, and what it has no place for."""
