//! What every place of contents promises, told once and run against each.

use std::sync::Arc;

use futures_util::TryStreamExt as _;

use super::*;
use crate::limits::{CHUNK_BYTES, OBJECT_PART_BYTES};

async fn spooled(store: &ContentStore, bytes: &[u8]) -> Spooled {
    let mut incoming = store.incoming(bytes.len() as u64).await.unwrap();
    for chunk in bytes.chunks(CHUNK_BYTES - 7) {
        incoming.write(chunk).await.unwrap();
    }
    incoming.finish().await.unwrap()
}

async fn read(store: &ContentStore, digest: &Digest, range: Range<u64>) -> Result<Vec<u8>, MediaError> {
    let pieces: Vec<Bytes> = store.read(digest, range).await?.try_collect().await?;
    assert!(pieces.iter().all(|piece| piece.len() <= CHUNK_BYTES), "pieces are small");
    Ok(pieces.concat())
}

async fn a_content_comes_back_whole_and_in_parts(store: &ContentStore) {
    for length in [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, OBJECT_PART_BYTES, 2 * OBJECT_PART_BYTES + 3] {
        let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        let spooled = spooled(store, &bytes).await;
        let digest = spooled.digest;
        assert_eq!((digest, spooled.bytes), (Digest::of(&bytes), length as u64));
        assert!(!store.has(&digest, length as u64).await.unwrap(), "nothing has a name before it is adopted");
        store.adopt(&spooled).await.unwrap();
        assert!(store.has(&digest, length as u64).await.unwrap());
        assert!(
            !store.has(&digest, length as u64 + 1).await.unwrap(),
            "a content of another length is another"
        );
        let end = length as u64;
        assert_eq!(read(store, &digest, 0..end).await.unwrap(), bytes, "{length}");
        let (first, last) = (end / 3, end - end / 4);
        let part = &bytes[usize::try_from(first).unwrap()..usize::try_from(last).unwrap()];
        assert_eq!(read(store, &digest, first..last).await.unwrap(), part, "{length}");
        let local = store.local_file(&digest, end).await.unwrap();
        assert_eq!(std::fs::read(local.path()).unwrap(), bytes, "{length}");
    }
}

async fn adopting_twice_and_deleting_twice_do_no_harm(store: &ContentStore) {
    for _ in 0..2 {
        let spooled = spooled(store, b"twice").await;
        store.adopt(&spooled).await.unwrap();
    }
    let digest = Digest::of(b"twice");
    assert_eq!(read(store, &digest, 0..5).await.unwrap(), b"twice");
    store.delete(&digest).await.unwrap();
    store.delete(&digest).await.unwrap();
    assert!(!store.has(&digest, 5).await.unwrap());
    assert!(matches!(read(store, &digest, 0..5).await, Err(MediaError::NotFound)));
}

async fn what_does_not_arrive_whole_leaves_nothing(store: &ContentStore) {
    let mut incoming = store.incoming(10).await.unwrap();
    incoming.write(b"12345").await.unwrap();
    assert!(matches!(incoming.write(b"678901").await, Err(MediaError::TooLarge { bytes_max: 10 })));
    drop(incoming);
    drop(spooled(store, b"never adopted").await);
    assert!(!store.has(&Digest::of(b"never adopted"), 13).await.unwrap());
}

async fn keeps_its_promises(store: &ContentStore) {
    a_content_comes_back_whole_and_in_parts(store).await;
    adopting_twice_and_deleting_twice_do_no_harm(store).await;
    what_does_not_arrive_whole_leaves_nothing(store).await;
}

fn files_below(directory: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[tokio::test]
async fn a_folder_keeps_the_promises_and_no_litter() {
    let directory = tempfile::tempdir().unwrap();
    let store = ContentStore::disk(directory.path().to_owned());
    keeps_its_promises(&store).await;
    assert_eq!(files_below(&directory.path().join("incoming")), 0);
}

#[tokio::test]
async fn main_memory_keeps_the_promises_and_no_litter() {
    let directory = tempfile::tempdir().unwrap();
    keeps_its_promises(&ContentStore::memory(directory.path().to_owned())).await;
    assert_eq!(files_below(directory.path()), 0);
}

#[tokio::test]
async fn what_a_crash_left_half_way_is_cleaned_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let store = ContentStore::disk(directory.path().to_owned());
    let mut incoming = store.incoming(100).await.unwrap();
    incoming.write(b"half").await.unwrap();
    std::mem::forget(incoming);
    assert_eq!(files_below(directory.path()), 1);
    ContentStore::disk(directory.path().to_owned()).clean().await.unwrap();
    assert_eq!(files_below(directory.path()), 0);
}

/// A store that speaks as much of S3 as is needed here.
mod s3 {
    use std::{collections::HashMap, sync::Mutex};

    use axum::{
        Router,
        body::Bytes,
        extract::{Request, State},
        http::{HeaderMap, Method, StatusCode, header},
        response::{IntoResponse as _, Response},
    };

    use super::*;

    type Objects = Arc<Mutex<HashMap<String, Bytes>>>;

    pub async fn start() -> (String, Objects) {
        let objects = Objects::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&objects));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (url, objects)
    }

    async fn answer(State(objects): State<Objects>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let signed = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=key/")) {
            return StatusCode::FORBIDDEN.into_response();
        }
        let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        match (parts.method, query.as_str()) {
            (Method::POST, query) if query.starts_with("uploads") => {
                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
                    .into_response()
            }
            (Method::POST, _) => {
                let mut objects = objects.lock().unwrap();
                let mut parts: Vec<_> =
                    objects.keys().filter(|key| key.starts_with(&format!("part {path} "))).cloned().collect();
                parts.sort();
                let whole: Vec<u8> = parts.iter().flat_map(|part| objects.remove(part).unwrap()).collect();
                objects.insert(path, whole.into());
                "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
                    .into_response()
            }
            (Method::PUT, "") => {
                objects.lock().unwrap().insert(path, body);
                [(header::ETAG, "e")].into_response()
            }
            (Method::PUT, part) => {
                let number: u32 = part
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("partNumber="))
                    .unwrap()
                    .parse()
                    .unwrap();
                objects.lock().unwrap().insert(format!("part {path} {number:04}"), body);
                [(header::ETAG, "e")].into_response()
            }
            (Method::DELETE, _) => {
                objects.lock().unwrap().remove(&path);
                StatusCode::NO_CONTENT.into_response()
            }
            _ => match objects.lock().unwrap().get(&path) {
                Some(object) => part_of(object, &parts.headers),
                None => StatusCode::NOT_FOUND.into_response(),
            },
        }
    }

    fn part_of(object: &Bytes, headers: &HeaderMap) -> Response {
        let common = [(header::ETAG, "e"), (header::LAST_MODIFIED, "Wed, 21 Oct 2015 07:28:00 GMT")];
        let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok()?.strip_prefix("bytes="));
        let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
            return (common, object.clone()).into_response();
        };
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        let last = last.min(object.len() - 1);
        let place = format!("bytes {first}-{last}/{}", object.len());
        let part = object.slice(first..=last);
        (StatusCode::PARTIAL_CONTENT, common, [(header::CONTENT_RANGE, place)], part).into_response()
    }
}

#[tokio::test]
async fn a_bucket_keeps_the_promises_and_no_litter() {
    // The client of the bucket takes the process's provider, as the server installs it.
    let outbound = outbound::Outbound::new(outbound::OutboundSettings::default()).unwrap();
    let (endpoint, objects) = s3::start().await;
    let directory = tempfile::tempdir().unwrap();
    let settings = S3Settings {
        bucket: "bucket".to_owned(),
        endpoint: Some(endpoint),
        region: None,
        access_key_id: "key".to_owned(),
        secret_access_key: "secret".to_owned(),
        prefix: "media/".to_owned(),
        bucket_in_host_name: false,
    };
    let store = ContentStore::s3(directory.path().to_owned(), &settings).unwrap();
    keeps_its_promises(&store).await;
    assert_eq!(files_below(directory.path()), 0);
    assert!(objects.lock().unwrap().keys().all(|key| key.starts_with("/bucket/media/")));
    drop(outbound);
}
