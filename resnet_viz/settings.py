"""Where does this installation keep its things? Read from RESNET_VIZ_* variables."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """RESNET_VIZ_HOME holds all; DATABASE_URL, DATA and STORAGE put the database, data and checkpoints elsewhere.

    EXECUTOR says who starts the workers. AT_ONCE is the number of runs that train at once on a machine (0: by its
    cores), CPUS_A_RUN and GPUS_A_RUN are what a run gets on a cluster. The rest are limits that the server enforces:
    of one net, one run, the queue, and the gigabytes of disk that are kept free. DEMO is for a public place: recorded
    runs are shown, and nothing is trained, measured, fetched or read from its folders.
    """

    model_config = SettingsConfigDict(env_prefix="RESNET_VIZ_")

    home: Path = Path("~/.resnet_viz")
    database_url: str = ""
    data: Path | None = None
    storage: str = ""
    executor: Literal["local", "ray"] = "local"
    at_once: int = Field(default=0, ge=0)
    cpus_a_run: int = Field(default=1, ge=1)
    gpus_a_run: float = Field(default=0.25, gt=0)
    max_depth: int = 1202
    max_multiply_adds: float = 50e9  # a picture
    max_epochs: int = 500
    max_queue: int = 500
    keep_free: float = 0.5  # GB
    demo: bool = False

    @field_validator("home", "data")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        return folder.expanduser().resolve() if folder else None

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL of the run store; SQLite under `home` unless set."""
        return self.database_url or f"sqlite:///{self.home / 'runs.sqlite'}"

    @property
    def data_root(self) -> Path:
        """The folder where data sets are looked for, and downloaded to."""
        return self.data or self.home / "data"

    @property
    def storage_url(self) -> str:
        """The folder, or the fsspec URL, under which checkpoints are kept."""
        return self.storage or str(self.home)
