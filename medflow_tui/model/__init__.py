"""What we know: frozen data and protocols, standard library only."""
