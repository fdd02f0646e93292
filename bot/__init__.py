"""The program: settings, wiring, commands; engine/ moves messages, channels/ and desk/ are where people meet it."""
