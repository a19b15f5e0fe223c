"""How is the object store reached? One library for a local folder, S3 and R2 (obstore).

`object_store_url` decides: `file:///…`, `s3://bucket/prefix` (with `object_store_endpoint` for an
S3-compatible store). Credentials come from the cloud's usual variables, read by the library.
"""

from obstore.store import ObjectStore, from_url

from core.settings import Settings


def connect_objects(settings: Settings) -> ObjectStore:
    """Open the configured store, by default the folder `objects` under the data folder."""
    url = settings.object_store_url
    if not url:
        folder = settings.data_dir / "objects"
        return from_url(folder.as_uri(), mkdir=True)
    if url.startswith("file://"):
        return from_url(url, mkdir=True)
    if settings.object_store_endpoint:
        return from_url(
            url,
            endpoint=settings.object_store_endpoint,
            client_options={"allow_http": settings.object_store_endpoint.startswith("http://")},
        )
    return from_url(url)
