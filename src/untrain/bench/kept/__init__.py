"""What a store keeps: runs by address, and what was measured of them."""
