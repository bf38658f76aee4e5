"""PostgreSQL: the embedded server, tables, migrations, and every statement that reads or writes. The only SQLAlchemy."""
