"""From every earlier schema to the present one, step by step."""
