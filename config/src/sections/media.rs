//! Section `[media]`.

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    section::{report, section},
};

/// Where uploaded content is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaStorage {
    /// Files below a folder.
    Disk,
    /// A bucket of an S3-compatible store.
    S3,
}

section! {
    name = "media", validate = validate;
    /// Uploaded files and their thumbnails.
    pub struct Media {
        /// Largest upload, in mebibytes. Raise the limit of a reverse proxy in front as well.
        pub upload_mebibytes_max: u64 = 100,
        /// Largest file that is fetched from another server, in mebibytes.
        pub remote_mebibytes_max: u64 = 100,
        /// Days that a copy of a file of another server is kept; it is fetched again when somebody wants it.
        pub remote_days: u64 = 90,
        /// Mebibytes that all copies of other servers' files may take together; the oldest go for new ones.
        pub remote_total_mebibytes_max: u64 = 10_240,
        /// Mebibytes that all uploads of one user may take together.
        pub user_mebibytes_max: Option<u64> = None => "10240",
        /// Types that may be uploaded, by what the client says; "image/*" stands for all images. Empty
        /// allows all. Encrypted files are of type application/octet-stream whatever they hold.
        pub allowed_types: Vec<String> = Vec::new(),
        /// Types that may not be uploaded; they win over allowed_types.
        pub denied_types: Vec<String> = Vec::new(),
        /// Whether media can be read without an access token by the paths that clients used before
        /// Matrix 1.11. Leave it off unless you have such clients: it makes every file public to
        /// whoever knows its address.
        pub without_token: bool = false,
        /// Days without access after which an upload is deleted. Not set keeps all for ever.
        pub retention_days: Option<u64> = None => "730",
        /// Hours that the content of a deleted file stays on the disk.
        pub grace_hours: u64 = 24,
        /// Hours that an address made ahead of its upload waits for it.
        pub reserved_hours: u64 = 24,
        /// Largest image, in megapixels, that thumbnails are made of. One thumbnail in the making takes
        /// about eight mebibytes of memory for each.
        pub thumbnail_megapixels_max: u64 = 32,
        /// Largest file, in mebibytes, that thumbnails are made of.
        pub thumbnail_source_mebibytes_max: u64 = 64,
        /// Thumbnails made at the same time.
        pub thumbnail_threads: usize = 2,
        /// "disk", or "s3" for a bucket of an S3-compatible store.
        pub storage: MediaStorage = MediaStorage::Disk,
        /// Folder for files; not set takes `media` in server.data_directory. Uploads pass through it also
        /// when storage is "s3".
        pub directory: Option<String> = None => "\"/srv/lianqiao/media\"",
        /// Name of the bucket, which must exist.
        pub s3_bucket: Option<String> = None => "\"lianqiao-media\"",
        /// Base address of the store; not set takes Amazon's.
        pub s3_endpoint: Option<String> = None => "\"https://minio.example.org\"",
        /// Region of the bucket.
        pub s3_region: Option<String> = None => "\"us-east-1\"",
        /// Id of the access key.
        pub s3_access_key_id: Option<String> = None => "\"AKIA...\"",
        /// The access key itself. Better set it in the environment: LIANQIAO__MEDIA__S3_SECRET_ACCESS_KEY.
        pub s3_secret_access_key: Option<String> = None => "\"...\"",
        /// Text in front of every object's name.
        pub s3_prefix: String = String::new(),
        /// Whether the bucket is part of the host name, as Amazon wants it, instead of the path.
        pub s3_bucket_in_host_name: bool = false,
    }
}

fn validate(section: &Media, problems: &mut Vec<Problem>) {
    let mut between = |key: &str, value: u64, first: u64, last: u64| {
        if !(first..=last).contains(&value) {
            report(problems, "media", key, format!("must lie between {first} and {last}"));
        }
    };
    between("upload_mebibytes_max", section.upload_mebibytes_max, 1, 1_048_576);
    between("user_mebibytes_max", section.user_mebibytes_max.unwrap_or(1), 1, 1_073_741_824);
    between("retention_days", section.retention_days.unwrap_or(1), 1, 36_500);
    between("grace_hours", section.grace_hours, 0, 876_000);
    between("reserved_hours", section.reserved_hours, 1, 8_760);
    between("thumbnail_megapixels_max", section.thumbnail_megapixels_max, 1, 1_000);
    between("thumbnail_source_mebibytes_max", section.thumbnail_source_mebibytes_max, 1, 1_048_576);
    between("thumbnail_threads", section.thumbnail_threads as u64, 1, 256);
    between("remote_mebibytes_max", section.remote_mebibytes_max, 1, 1_048_576);
    between("remote_total_mebibytes_max", section.remote_total_mebibytes_max, 1, 1_073_741_824);
    if section.remote_total_mebibytes_max < section.remote_mebibytes_max {
        report(problems, "media", "remote_total_mebibytes_max", "must hold a file of remote_mebibytes_max");
    }
    for (key, types) in [("allowed_types", &section.allowed_types), ("denied_types", &section.denied_types)] {
        for wrong in types.iter().filter(|text| text.split('/').count() != 2 || text.contains(';')) {
            let advice = format!("`{wrong}` is no type; write for example \"image/*\" or \"text/html\"");
            report(problems, "media", key, advice);
        }
    }
    if section.storage == MediaStorage::S3 {
        let needed = [
            ("s3_bucket", &section.s3_bucket),
            ("s3_access_key_id", &section.s3_access_key_id),
            ("s3_secret_access_key", &section.s3_secret_access_key),
        ];
        for (key, _) in needed.iter().filter(|(_, value)| value.as_ref().is_none_or(String::is_empty)) {
            report(problems, "media", key, "is needed when storage is \"s3\"");
        }
    }
}
