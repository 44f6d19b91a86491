"""The canonical model: ISO 20022's words for every source and every bank."""
