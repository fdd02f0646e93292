from storage.migrations.upgrading import run_environment
from storage.tables import metadata

run_environment(metadata, "data")
