"""Where does this installation keep its things? Read from RESNET_VIZ_* variables."""

from pathlib import Path

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """RESNET_VIZ_HOME holds all; RESNET_VIZ_DATABASE_URL and RESNET_VIZ_DATA put database and data elsewhere."""

    model_config = SettingsConfigDict(env_prefix="RESNET_VIZ_")

    home: Path = Path("~/.resnet_viz")
    database_url: str = ""
    data: Path | None = None

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
    def weights_root(self) -> Path:
        """The folder that holds the trained weights, one file a run."""
        return self.home / "weights"
