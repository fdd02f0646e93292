from storage.migrations.upgrading import run_environment
from storage.tables import keys_metadata

run_environment(keys_metadata, "keys")
