"""Words: frozen data everybody shares; no behaviour with side effects."""
