# The dashboard in a container: no root, its data in /data. docs/deploy.md says how to run it.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim

# tini is process 1: workers outlive what started them, and somebody has to see to those that have ended.
# Debian keeps one version of it for a release.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 reader \
 && install -d -o reader -g reader /data

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    RESNET_VIZ_HOME=/data

# Torch for CPUs; for NVIDIA GPUs build with --build-arg TORCH_INDEX=https://pypi.org/simple
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /src
COPY requirements.txt constraints.txt ./
RUN pip install --index-url "$TORCH_INDEX" --extra-index-url https://pypi.org/simple -c constraints.txt torch torchvision \
 && pip install -r requirements.txt "psycopg[binary]" -c constraints.txt

COPY . .
# plotly.js is put beside the pages here, where the reader's process may not write later.
RUN pip install --no-deps . \
 && python -P -c "from resnet_viz.place import provide_plotly; provide_plotly()" \
 && rm -rf /src/*

USER 1000
WORKDIR /data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["tini", "--", "resnet-viz"]
CMD ["app", "--address", "0.0.0.0"]
