"""PostgreSQL: the embedded server, tables, migrations, every statement. SQLAlchemy lives here alone."""
