"""The parts of the source `prometheus`: what is asked, how a server is spoken to, and how a reply is read."""
