use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use ruma::{DeviceId, OwnedDeviceId, UserId};
use serde_json::value::RawValue;
use store::{Batch, Reader, StoreError};

use crate::{AccountError, AuthError, DeviceChoice, DeviceObserver};

use super::fixture;

#[derive(Default)]
struct Witness(Mutex<Vec<OwnedDeviceId>>);

#[async_trait]
impl DeviceObserver for Witness {
    async fn devices_removed(
        &self,
        _: &Reader,
        _: &mut Batch,
        _: &UserId,
        devices: &[OwnedDeviceId],
    ) -> Result<(), StoreError> {
        self.0.lock().extend_from_slice(devices);
        Ok(())
    }

    async fn device_renamed(
        &self,
        _: &Reader,
        _: &mut Batch,
        _: &UserId,
        _: &DeviceId,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_deleted_device_takes_its_token_and_its_settings_along_and_the_observer_hears() {
    let f = fixture().await;
    let witness = Arc::new(Witness::default());
    f.accounts.observe_devices(witness.clone());
    let alice = f.user("alice").await;
    let (one, other) =
        (f.login(&alice, DeviceChoice::default()).await, f.login(&alice, DeviceChoice::default()).await);
    let kind = format!("m.local_notification_settings.{}", one.device);
    let content = RawValue::from_string(r#"{"is_silenced":true}"#.to_owned()).unwrap();
    f.accounts.set_account_data(&alice, None, &kind, &content).await.unwrap();
    f.accounts.authenticate(&one.tokens.access_token).await.unwrap();
    f.accounts.remove_devices(&alice, &[one.device.clone(), "NONE".into()]).await.unwrap();
    assert!(matches!(f.accounts.authenticate(&one.tokens.access_token).await, Err(AuthError::Unknown)));
    assert!(f.accounts.authenticate(&other.tokens.access_token).await.is_ok());
    let reader = f.accounts.reader();
    assert!(f.accounts.account_data(reader, &alice, None, &kind).await.unwrap().is_none());
    assert_eq!(*witness.0.lock(), [one.device]);
}

#[tokio::test]
async fn all_devices_but_one_can_go() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let kept = f.login(&alice, DeviceChoice::default()).await;
    for _ in 0..60 {
        f.login(&alice, DeviceChoice::default()).await;
    }
    f.accounts.remove_other_devices(&alice, Some(&kept.device)).await.unwrap();
    let devices = f.accounts.devices(f.accounts.reader(), &alice).await.unwrap();
    assert_eq!(devices.iter().map(|device| &device.id).collect::<Vec<_>>(), [&kept.device]);
    f.accounts.remove_other_devices(&alice, None).await.unwrap();
    assert!(matches!(f.accounts.authenticate(&kept.tokens.access_token).await, Err(AuthError::Unknown)));
}

#[tokio::test]
async fn devices_of_a_user_whose_name_begins_alike_stay() {
    let f = fixture().await;
    let (ab, abc) = (f.user("ab").await, f.user("abc").await);
    let stays = f.login(&abc, DeviceChoice { id: Some("D".into()), ..DeviceChoice::default() }).await;
    f.login(&ab, DeviceChoice { id: Some("D".into()), ..DeviceChoice::default() }).await;
    f.accounts.remove_other_devices(&ab, None).await.unwrap();
    assert!(f.accounts.authenticate(&stays.tokens.access_token).await.is_ok());
}

#[tokio::test]
async fn a_device_is_renamed_if_it_exists_and_the_name_is_not_endless() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let device = f.login(&alice, DeviceChoice::default()).await.device;
    f.accounts.rename_device(&alice, &device, Some("Laptop")).await.unwrap();
    let found = f.accounts.device(f.accounts.reader(), &alice, &device).await.unwrap().unwrap();
    assert_eq!(found.display_name.as_deref(), Some("Laptop"));
    let unknown = f.accounts.rename_device(&alice, "NONE".into(), Some("x")).await;
    assert!(matches!(unknown, Err(AccountError::UnknownDevice)));
    let endless = f.accounts.rename_device(&alice, &device, Some(&"x".repeat(1_000))).await;
    assert!(matches!(endless, Err(AccountError::TooLarge(_))));
}

#[tokio::test]
async fn sightings_are_written_once_in_a_while() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let device = f.login(&alice, DeviceChoice::default()).await.device;
    let address = Some("192.0.2.1".parse().unwrap());
    let seen_ms = || async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            let found = f.accounts.device(f.accounts.reader(), &alice, &device).await.unwrap().unwrap();
            if found.last_seen_ms.is_some() {
                return found.last_seen_ms;
            }
        }
        None
    };
    f.accounts.note_seen(&alice, &device, address, Some("test"));
    assert_eq!(seen_ms().await, Some(super::START_MS));
    f.clock.advance(1_000);
    f.accounts.note_seen(&alice, &device, address, Some("test"));
    assert_eq!(seen_ms().await, Some(super::START_MS));
}

#[tokio::test]
async fn odd_device_ids_are_refused() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    for id in ["", "a\nb", &"x".repeat(600)] {
        let name = crate::LoginName::User(alice.to_string());
        let choice = DeviceChoice { id: Some(id.into()), ..DeviceChoice::default() };
        let result = f.accounts.login_with_password(&name, super::PASSWORD, &choice).await;
        assert!(matches!(result, Err(AccountError::InvalidParameter(_))));
    }
}
