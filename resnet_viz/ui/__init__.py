"""What do pages share? The only room, beside app.py and pages, that knows Streamlit."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

if PagesManager.uses_pages_directory:
    # The first visit to a fresh server came by a link to a page. Until app.py has called st.navigation once, Streamlit
    # runs the file in pages/ alone, with a menu of its own: begin again, with app.py.
    PagesManager.uses_pages_directory = False
    st.rerun()
