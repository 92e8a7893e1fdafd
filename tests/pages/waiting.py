"""How does a test wait for what a page has its server compute? For the jobs themselves, whatever they take."""

from streamlit.testing.v1 import AppTest

from resnet_viz.explain.jobs import Jobs
from resnet_viz.ui.jobs import fetches, jobs
from tests.pages.opening import SECONDS, rerun

ROUNDS = 5  # a page asks for the next jobs at the end of the first, but not for ever


def wait(page: AppTest) -> AppTest:
    """Run the page again until all its jobs are over."""
    for _ in range(ROUNDS):
        if not any(button.key == "stop_jobs" for button in page.button):
            return page
        _wait_for(jobs())
        rerun(page)
    raise AssertionError("the page asks for one job after another")


def wait_for_fetches(page: AppTest) -> AppTest:
    """Run the page once more when all is brought that was asked for."""
    _wait_for(fetches())
    return rerun(page)


def _wait_for(some: Jobs) -> None:
    for job in list(some._jobs.values()):
        assert job.over.wait(SECONDS), f"{job.title} does not end"
