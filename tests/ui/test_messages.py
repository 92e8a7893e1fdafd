"""What of a part of a page that is cut off still reaches the browser?"""

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import create_reference_msg, populate_hash_if_needed
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

PART = "curves"
LONG = "x" * 1_000_000


def message(path: list[int]) -> ForwardMsg:
    made = ForwardMsg()
    made.metadata.delta_path[:] = path
    made.delta.fragment_id = PART
    return made


def test_a_figure_is_taken_back_with_the_columns_it_stands_in() -> None:
    columns, figure = message([0, 1]), message([0, 1, 0])
    columns.delta.add_block.allow_empty = True
    figure.delta.new_element.plotly_chart.spec = LONG
    populate_hash_if_needed(figure)
    queue = ForwardMsgQueue()
    queue.enqueue(columns)
    queue.enqueue(create_reference_msg(figure) if figure.metadata.cacheable else figure)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=[PART])
    assert queue.is_empty()
