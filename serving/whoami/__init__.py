"""Who a key is."""
