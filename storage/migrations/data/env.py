from storage.migrations.runner import run_environment
from storage.tables import metadata

run_environment(metadata, "schema_version")
