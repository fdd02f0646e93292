"""Tables, migrations, transactions and one repository for each aggregate. Nothing outside this package knows SQL."""
