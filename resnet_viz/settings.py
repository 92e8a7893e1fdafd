"""Where does this installation keep its things? Read from RESNET_VIZ_* variables."""

from pathlib import Path

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """RESNET_VIZ_HOME holds database, weights and data; RESNET_VIZ_DATABASE_URL moves the database."""

    model_config = SettingsConfigDict(env_prefix="RESNET_VIZ_")

    home: Path = Path("~/.resnet_viz")
    database_url: str = ""

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL of the run store; SQLite under `home` unless set."""
        return self.database_url or f"sqlite:///{self.home / 'runs.sqlite'}"

    @property
    def data_root(self) -> Path:
        """The folder that holds downloaded data sets."""
        return self.home / "data"

    @property
    def weights_root(self) -> Path:
        """The folder that holds the trained weights, one file a run."""
        return self.home / "weights"
