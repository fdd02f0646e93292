"""The peers: echo bots as their libraries' own introductions write them."""
