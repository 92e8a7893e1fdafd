"""Does a server that fifty readers watch at once serve them all?"""

from concurrent.futures import ThreadPoolExecutor

from benchmarks.sessions import measure

SESSIONS, SECONDS = 50, 10.0


def test_fifty_sessions_are_all_served():
    with ThreadPoolExecutor(1) as pool:  # an event loop of its own
        served = pool.submit(measure, SESSIONS, SECONDS).result()
    assert len(served.sessions) == SESSIONS
    assert all(served.sessions)  # each got updates; how soon is in benchmarks/sessions.md
