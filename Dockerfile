# mlops-actions as an image: the same command line for GitLab, Jenkins, Airflow and Kubernetes, and for `container/action.yml`.
# A closed network names its mirrors: --build-arg BASE_IMAGE=… --build-arg PIP_INDEX_URL=…
# Works with the classic builder too, hence no mounts.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
ARG PIP_INDEX_URL
WORKDIR /opt/mlops-actions
COPY python/requirements python/requirements
# Every file by its hash. uv goes along: it makes the environment that a model is scored in.
RUN cd python/requirements \
 && python3 install.py all.txt aws.txt azure.txt uv.txt --into /opt/mlops-actions/environment
COPY python/src python/src
COPY container/mlops-actions bin/mlops-actions
# Compiled files that do not hold a time, so that the same source makes the same layer.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash environment python/src

FROM ${BASE_IMAGE}
ARG VERSION=0
ARG REVISION=
LABEL org.opencontainers.image.title="mlops-actions" \
      org.opencontainers.image.description="Take a machine-learning model from data to production, and refuse whatever is not good enough" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/mlops-actions /opt/mlops-actions
ENV PATH=/opt/mlops-actions/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
# Starts as root only to become the owner of the working directory: see container/mlops-actions.
ENTRYPOINT ["mlops-actions"]
CMD ["--help"]
