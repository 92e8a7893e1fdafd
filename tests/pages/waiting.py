"""How does a test wait for what a page has its server compute?"""

import time

from streamlit.testing.v1 import AppTest

SECONDS = 60.0


def wait(page: AppTest) -> AppTest:
    """Run the page again until all its jobs are over."""
    deadline = time.monotonic() + SECONDS
    while any(button.key == "stop_jobs" for button in page.button):
        assert time.monotonic() < deadline
        time.sleep(0.2)
        page.run()
    return page
