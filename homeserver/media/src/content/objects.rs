//! Contents as objects of an S3-compatible store, or of main memory.

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutPayload, aws::AmazonS3Builder,
    path::Path,
};
use tokio::{fs::File, io::AsyncReadExt as _};

use super::{ContentStream, Digest, Spooled};
use crate::{
    MediaError, S3Settings,
    limits::{CHUNK_BYTES, OBJECT_PART_BYTES},
};

/// Longest time that the store may take for one request.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(120);

/// A bucket, or the part of it below a prefix.
#[derive(Clone)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Arc<str>,
}

impl Objects {
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self { store, prefix: prefix.trim_matches('/').into() }
    }

    pub fn s3(settings: &S3Settings) -> Result<Self, MediaError> {
        let options = ClientOptions::new().with_timeout(REQUEST_TIME_MAX).with_allow_http(true);
        let mut builder = AmazonS3Builder::new()
            .with_client_options(options)
            // Contents go one by one, and not every store of your own knows the other way.
            .with_disable_bulk_delete(true)
            .with_bucket_name(&settings.bucket)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(&settings.secret_access_key)
            .with_virtual_hosted_style_request(settings.bucket_in_host_name);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &settings.region {
            builder = builder.with_region(region);
        }
        let store = builder.build().map_err(|error| MediaError::Setup(error.to_string()))?;
        Ok(Self::new(Arc::new(store), &settings.prefix))
    }

    fn path(&self, digest: &Digest) -> Path {
        let name = digest.to_string();
        match &*self.prefix {
            "" => Path::from(format!("{}/{name}", &name[..2])),
            prefix => Path::from(format!("{prefix}/{}/{name}", &name[..2])),
        }
    }

    pub async fn adopt(&self, spooled: &Spooled) -> Result<(), MediaError> {
        let path = self.path(&spooled.digest);
        let mut file = File::open(spooled.path()).await?;
        if spooled.bytes <= OBJECT_PART_BYTES as u64 {
            let whole = read_part(&mut file).await?;
            self.store.put(&path, PutPayload::from_bytes(whole)).await?;
            return Ok(());
        }
        let mut upload = self.store.put_multipart(&path).await?;
        loop {
            let part = read_part(&mut file).await?;
            if part.is_empty() {
                break;
            }
            // One part after the other: memory holds one of them.
            if let Err(error) = upload.put_part(PutPayload::from_bytes(part)).await {
                let _ = upload.abort().await;
                return Err(error.into());
            }
        }
        upload.complete().await?;
        Ok(())
    }

    pub async fn has(&self, digest: &Digest, bytes: u64) -> Result<bool, MediaError> {
        match self.store.head(&self.path(digest)).await {
            Ok(found) => Ok(found.size == bytes),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn read(&self, digest: &Digest, range: Range<u64>) -> Result<ContentStream, MediaError> {
        // A range without bytes is none that a store would answer, nor is any of an empty object.
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.store.get_opts(&self.path(digest), options).await?;
        let pieces = found.into_stream().map_err(MediaError::from);
        Ok(pieces.map_ok(|piece| futures_util::stream::iter(cut(piece).map(Ok))).try_flatten().boxed())
    }

    pub async fn delete(&self, digest: &Digest) -> Result<(), MediaError> {
        match self.store.delete(&self.path(digest)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A store may hand out everything in one piece; whoever sends it on wants small ones.
fn cut(mut piece: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let length = piece.len().min(CHUNK_BYTES);
        (length > 0).then(|| piece.split_to(length))
    })
}

async fn read_part(file: &mut File) -> Result<Bytes, MediaError> {
    let mut part = BytesMut::with_capacity(CHUNK_BYTES);
    while part.len() < OBJECT_PART_BYTES {
        let missing = (OBJECT_PART_BYTES - part.len()) as u64;
        if file.take(missing).read_buf(&mut part).await? == 0 {
            break;
        }
    }
    Ok(part.freeze())
}
