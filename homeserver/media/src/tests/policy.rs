//! Who may upload what, and what administrators may do about it.

use super::*;
use crate::{Shape, ThumbnailRequest, limits::UPLOADS_RUNNING_PER_USER_MAX};

#[tokio::test]
async fn too_much_is_refused_when_announced_and_when_it_comes() {
    let world = configured(|settings| settings.upload_bytes_max = 10).await;
    let announced = world.media.begin_upload(alice(), png("a"), Some(11)).await;
    assert!(matches!(announced, Err(MediaError::TooLarge { bytes_max: 10 })));
    let mut receiving = world.media.begin_upload(alice(), png("a"), None).await.unwrap();
    receiving.push(b"0123456789").await.unwrap();
    assert!(matches!(receiving.push(b"x").await, Err(MediaError::TooLarge { .. })));
    drop(receiving);
    assert_eq!(world.stored(), 0);
}

#[tokio::test]
async fn a_quota_counts_what_is_there_and_forgets_what_was_deleted() {
    let world = configured(|settings| settings.user_bytes_max = Some(10)).await;
    let first = world.upload(alice(), b"123456").await;
    assert!(matches!(world.try_upload(alice(), b"12345").await, Err(MediaError::Forbidden(_))));
    let mut unannounced = world.media.begin_upload(alice(), png("a"), None).await.unwrap();
    unannounced.push(b"12345").await.unwrap();
    assert!(matches!(world.media.upload(unannounced).await, Err(MediaError::Forbidden(_))));
    world.upload(bob(), b"1234567890").await;
    world.media.delete(server(), &id(&first)).await.unwrap();
    world.upload(alice(), b"12345").await;
    let usage = world.media.usage_by_user(None, 10).await.unwrap();
    let bytes: Vec<_> = usage.iter().map(|(user, usage)| (user.as_str(), usage.count, usage.bytes)).collect();
    assert_eq!(bytes, [("@alice:lian.example", 1, 5), ("@bob:lian.example", 1, 10)]);
}

#[tokio::test]
async fn one_user_does_not_take_all_places() {
    let world = world().await;
    let mut running = Vec::new();
    for _ in 0..UPLOADS_RUNNING_PER_USER_MAX {
        running.push(world.media.begin_upload(alice(), png("a"), None).await.unwrap());
    }
    assert!(matches!(world.media.begin_upload(alice(), png("a"), None).await, Err(MediaError::Busy)));
    world.upload(bob(), b"x").await;
    running.pop();
    world.upload(alice(), b"x").await;
}

#[tokio::test]
async fn a_quarantine_covers_every_uri_of_a_content_and_what_is_uploaded_later() {
    let world = world().await;
    let picture = pictures::picture_png(200, 100);
    let first = world.upload(alice(), &picture).await;
    let second = world.upload(bob(), &picture).await;
    let request = ThumbnailRequest { width: 32, height: 32, shape: Shape::Crop, animated: false };
    let thumbnail = async |uri: OwnedMxcUri| {
        world.media.thumbnail(server(), &id(&uri), request, std::time::Duration::ZERO).await
    };
    thumbnail(second.clone()).await.unwrap();
    world.media.quarantine(server(), &id(&first), bob()).await.unwrap();
    let later = world.upload(bob(), &picture).await;
    for uri in [&first, &second, &later] {
        assert!(matches!(world.find(uri).await, Err(MediaError::NotFound)), "{uri}");
        assert!(matches!(thumbnail(uri.clone()).await, Err(MediaError::NotFound)), "{uri}");
        let info = world.media.info(server(), &id(uri)).await.unwrap().unwrap();
        assert_eq!(info.quarantined_by.as_deref(), Some(bob()));
    }
    world.media.unquarantine(server(), &id(&later)).await.unwrap();
    assert_eq!(world.bytes(&first).await.unwrap(), picture);
    thumbnail(second).await.unwrap();
}

#[tokio::test]
async fn a_sweeping_quarantine_passes_protected_content_by() {
    let world = world().await;
    let bad = world.upload(alice(), b"bad").await;
    let logo = world.upload(alice(), b"logo").await;
    let other = world.upload(bob(), b"other").await;
    world.media.protect(server(), &id(&logo), true).await.unwrap();
    assert_eq!(world.media.quarantine_of_user(alice(), bob()).await.unwrap(), 1);
    assert_eq!(world.media.quarantine_of_user(alice(), bob()).await.unwrap(), 0);
    assert!(matches!(world.find(&bad).await, Err(MediaError::NotFound)));
    world.find(&logo).await.unwrap();
    world.find(&other).await.unwrap();
}

#[tokio::test]
async fn the_media_of_a_user_are_listed_page_by_page_in_both_directions() {
    let world = world().await;
    let mut uris = Vec::new();
    for number in 0..5_u8 {
        world.clock.advance(1);
        uris.push(id(&world.upload(alice(), &[number]).await));
    }
    world.upload(bob(), b"bob's").await;
    for newest_first in [false, true] {
        let (mut seen, mut from) = (Vec::new(), None);
        loop {
            let page = world.media.of_user(alice(), from, 2, newest_first).await.unwrap();
            seen.extend(page.media.into_iter().map(|info| info.media_id));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        if newest_first {
            seen.reverse();
        }
        assert_eq!(seen, uris);
    }
}

#[tokio::test]
async fn unknown_and_endless_ids_are_not_found() {
    let world = world().await;
    for media_id in ["", "unknown", &"x".repeat(10_000), "../../etc/passwd"] {
        let found = world.media.find(server(), media_id, std::time::Duration::ZERO).await;
        assert!(matches!(found, Err(MediaError::NotFound)), "{media_id}");
        assert!(world.media.info(server(), media_id).await.unwrap().is_none());
        assert!(matches!(world.media.delete(server(), media_id).await, Err(MediaError::NotFound)));
    }
}
