from storage.migrations.runner import run_environment
from storage.tables import keys_metadata

run_environment(keys_metadata, "keys_schema_version")
