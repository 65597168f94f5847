//! Plain values that the binary takes from the configuration.

use std::path::PathBuf;

/// Where content is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageSettings {
    /// Files below a folder.
    Disk,
    /// Main memory: gone when the server stops.
    Memory,
    /// A bucket of a store that speaks S3.
    S3(S3Settings),
}

/// How to reach an S3-compatible store.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// Name of the bucket; it must exist.
    pub bucket: String,
    /// Base URL; none for Amazon's own.
    pub endpoint: Option<String>,
    /// Region; none for `us-east-1`, which stores of your own usually take.
    pub region: Option<String>,
    /// Id of the access key.
    pub access_key_id: String,
    /// The access key itself.
    pub secret_access_key: String,
    /// Text in front of every object's name, so that a bucket can be shared.
    pub prefix: String,
    /// Whether the bucket is part of the host name instead of the path.
    pub bucket_in_host_name: bool,
}

impl std::fmt::Debug for S3Settings {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// What the operator says about media.
#[derive(Clone, Debug)]
pub struct MediaSettings {
    /// Folder for arriving uploads and, on disk, for all content. Made when first needed.
    pub directory: PathBuf,
    /// Where content is kept.
    pub storage: StorageSettings,
    /// Largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// Bytes that all uploads of one user may take together; none for no bound.
    pub user_bytes_max: Option<u64>,
    /// Content types that may be uploaded; empty for all. `image/*` stands for every image.
    pub allowed_types: Vec<String>,
    /// Content types that may not be uploaded; they win over `allowed_types`.
    pub denied_types: Vec<String>,
    /// Milliseconds that a created id waits for its content.
    pub reserved_ms_max: u64,
    /// Milliseconds between the deletion of the last medium with a content and the deletion of the content.
    pub grace_ms: u64,
    /// Milliseconds without access after which a local upload is deleted; none keeps all.
    pub retention_ms: Option<u64>,
    /// Pixels of an image that thumbnails are made of.
    pub thumbnail_pixels_max: u64,
    /// Bytes of a medium of another server.
    pub remote_bytes_max: u64,
    /// Milliseconds that a copy of a medium of another server is kept.
    pub remote_ms: u64,
    /// Bytes of all such copies together; the oldest go for new ones.
    pub remote_total_bytes_max: u64,
    /// Bytes of a file that thumbnails are made of.
    pub thumbnail_source_bytes_max: u64,
    /// Thumbnails made at once.
    pub thumbnail_threads: usize,
    /// URL previews; none switches them off.
    pub previews: Option<PreviewSettings>,
}

/// What the operator says about URL previews.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviewSettings {
    /// Domains, with all below them, that may be previewed; empty for all.
    pub allowed_domains: Vec<String>,
    /// Domains, with all below them, that may not; they win over `allowed_domains`.
    pub denied_domains: Vec<String>,
    /// Milliseconds that a preview is served from the cache.
    pub cache_ms: u64,
    /// Milliseconds that the image of a preview is kept.
    pub image_ms: u64,
    /// The `Accept-Language` that pages are asked with.
    pub accept_language: String,
}

impl MediaSettings {
    /// The defaults of the example file, with content in this folder.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            storage: StorageSettings::Disk,
            upload_bytes_max: 100 * 1024 * 1024,
            user_bytes_max: None,
            allowed_types: Vec::new(),
            denied_types: Vec::new(),
            reserved_ms_max: 24 * 60 * 60 * 1000,
            grace_ms: 24 * 60 * 60 * 1000,
            retention_ms: None,
            thumbnail_pixels_max: 32_000_000,
            remote_bytes_max: 100 * 1024 * 1024,
            remote_ms: 90 * 24 * 60 * 60 * 1000,
            remote_total_bytes_max: 10 * 1024 * 1024 * 1024,
            thumbnail_source_bytes_max: 64 * 1024 * 1024,
            thumbnail_threads: 2,
            previews: None,
        }
    }
}
