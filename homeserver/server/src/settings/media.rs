//! Where contents are kept, for how long, and how large they may be.

use std::path::{Path, PathBuf};

use config::{Config, MediaStorage};
use media::{MediaSettings, PreviewSettings, S3Settings, StorageSettings};

/// Name of the folder of media in the data folder, unless the configuration says another one.
pub(crate) const MEDIA_FOLDER_NAME: &str = "media";

/// `forget` keeps contents in main memory, as the rest of such a server.
pub(crate) fn media(config: &Config, forget: bool) -> MediaSettings {
    const MEBIBYTE: u64 = 1024 * 1024;
    const HOUR_MS: u64 = 60 * 60 * 1000;
    let section = &config.media;
    let directory = match &section.directory {
        Some(directory) => PathBuf::from(directory),
        None => Path::new(&config.server.data_directory).join(MEDIA_FOLDER_NAME),
    };
    let storage = match section.storage {
        MediaStorage::S3 => StorageSettings::S3(s3(section)),
        MediaStorage::Disk if forget => StorageSettings::Memory,
        MediaStorage::Disk => StorageSettings::Disk,
    };
    let previews = &config.url_previews;
    let preview_settings = || PreviewSettings {
        allowed_domains: previews.allowed_domains.clone(),
        denied_domains: previews.denied_domains.clone(),
        cache_ms: previews.cache_minutes * 60_000,
        image_ms: previews.image_days * 24 * HOUR_MS,
        accept_language: previews.accept_language.clone(),
    };
    MediaSettings {
        storage,
        upload_bytes_max: section.upload_mebibytes_max * MEBIBYTE,
        user_bytes_max: section.user_mebibytes_max.map(|mebibytes| mebibytes * MEBIBYTE),
        allowed_types: section.allowed_types.clone(),
        denied_types: section.denied_types.clone(),
        reserved_ms_max: section.reserved_hours * HOUR_MS,
        grace_ms: section.grace_hours * HOUR_MS,
        retention_ms: section.retention_days.map(|days| days * 24 * HOUR_MS),
        thumbnail_pixels_max: section.thumbnail_megapixels_max * 1_000_000,
        thumbnail_source_bytes_max: section.thumbnail_source_mebibytes_max * MEBIBYTE,
        remote_bytes_max: section.remote_mebibytes_max * MEBIBYTE,
        remote_ms: section.remote_days * 24 * HOUR_MS,
        remote_total_bytes_max: section.remote_total_mebibytes_max * MEBIBYTE,
        thumbnail_threads: section.thumbnail_threads,
        previews: previews.enabled.then(preview_settings),
        ..MediaSettings::new(directory)
    }
}

fn s3(section: &config::Media) -> S3Settings {
    S3Settings {
        bucket: section.s3_bucket.clone().unwrap_or_default(),
        endpoint: section.s3_endpoint.clone(),
        region: section.s3_region.clone(),
        access_key_id: section.s3_access_key_id.clone().unwrap_or_default(),
        secret_access_key: section.s3_secret_access_key.clone().unwrap_or_default(),
        prefix: section.s3_prefix.clone(),
        bucket_in_host_name: section.s3_bucket_in_host_name,
    }
}
