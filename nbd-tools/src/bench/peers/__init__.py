"""What `compare` is made of: cases, servers, the programs that load them, and what is made of the figures."""
