"""What do pages share? Cached services, controls, and live figures; the only room that knows Streamlit."""
