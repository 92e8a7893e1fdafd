"""Do runs keep their checkpoints on another machine? A real SFTP server stands for it."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import asyncssh
import pytest
from fsspec.implementations.sftp import SFTPFileSystem

from resnet_viz.nets import CheckpointError, NetSpec
from resnet_viz.runs import RunStatus, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import load_net, preset
from tests.conftest import PATIENCE, work_on

USER, PASSWORD = "reader", "open-sesame"


class Door(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@pytest.fixture
def sftp(tmp_path) -> Iterator[tuple[str, Path]]:
    """The URL of a folder on an SFTP server on the loopback, and the folder itself."""
    folder = tmp_path / "remote"
    folder.mkdir()
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []

    async def serve() -> None:
        key = asyncssh.generate_private_key("ssh-ed25519")
        server = await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=True)
        found.append(server.get_port())
        ready.set()

    async def close() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    yield f"sftp://{USER}:{PASSWORD}@127.0.0.1:{found[0]}{folder}", folder
    for connected in SFTPFileSystem._cache.values():
        connected.client.close()
    SFTPFileSystem.clear_instance_cache()
    asyncio.run_coroutine_threadsafe(close(), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)


@pytest.mark.long
def test_a_run_keeps_its_checkpoints_on_another_machine_and_goes_on_from_there(home, sftp):
    url, folder = sftp
    settings = Settings(storage=url)
    store = RunStore(settings.store_url)
    config = preset("digits", epochs=1, threads=1, subset=256)
    (queued,) = store.add_comparison([(asdict(NetSpec("resnet", 8)), asdict(config))])
    run = work_on(store, settings, queued)
    assert run.status is RunStatus.FINISHED, run.message
    assert not list(home.rglob("*.safetensors"))
    assert len(list(folder.rglob("*.safetensors"))) == 1
    assert PASSWORD not in run.weights
    net = load_net(run, settings)
    assert net.spec.depth == 8

    assert store.resume(run.id, asdict(replace(config, more_epochs=(1,))))
    run = work_on(store, settings, run)
    assert run.facts["attempts"][-1]["after_step"] == 4  # the remote checkpoint was read
    assert store.steps(run.id)["step"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    for path in folder.rglob("*.safetensors"):
        path.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_net(store.run(run.id), settings)
