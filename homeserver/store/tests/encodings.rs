//! Keys keep their order and come back; values come back; damaged bytes are errors, never panics.
#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use bytes::Bytes;
use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use proptest::collection::vec;
use proptest::prelude::*;
use ruma::{OwnedUserId, RoomId, UserId, room_id, user_id};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{CodecError, Key, KeyOf, KeyReader, Value};

/// The encoded bytes of a key, through a scan bound: the only public way, and the one that matters.
fn encoded<K: Key, Q: KeyOf<K> + ?Sized>(key: &Q) -> Vec<u8> {
    store::encode_key_for_tests(key)
}

fn encoded_value<V: Value>(value: &V) -> Vec<u8> {
    store::encode_value_for_tests(value)
}

fn decoded<K: Key>(bytes: &[u8]) -> Result<K, CodecError> {
    let mut reader = KeyReader::new(bytes);
    let key = K::decode(&mut reader)?;
    reader.finish()?;
    Ok(key)
}

fn check_keys<K: Key + Ord + Clone + std::fmt::Debug>(one: &K, other: &K) {
    let (first, second) = (encoded::<K, K>(one), encoded::<K, K>(other));
    assert_eq!(first.cmp(&second), one.cmp(other), "{one:?} against {other:?}");
    assert_eq!(&decoded::<K>(&first).unwrap(), one);
    if one != other {
        assert!(!second.starts_with(&first), "{one:?} is a prefix of {other:?}");
    }
}

fn check_value<V: Value + PartialEq + std::fmt::Debug>(value: &V) {
    let bytes = encoded_value(value);
    assert_eq!(&V::decode(&bytes).unwrap(), value);
}

/// Texts that are likely to be neighbours: few characters, zero bytes among them.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), Just('b'), Just('ÿ')], 0..6)
            .prop_map(|characters| characters.into_iter().collect()),
        any::<String>(),
    ]
}

fn position() -> impl Strategy<Value = TimelinePos> {
    prop_oneof![-3_i64..3, any::<i64>()]
        .prop_filter("real", |number| !TimelinePos::new(*number).is_pending())
        .prop_map(TimelinePos::new)
}

proptest! {
    #[test]
    fn texts_keep_their_order(one in text(), other in text()) {
        check_keys(&one, &other);
        check_keys(&one.clone().into_bytes(), &other.into_bytes());
        prop_assert_eq!(encoded::<String, str>(&one), encoded::<String, String>(&one));
    }

    #[test]
    fn numbers_keep_their_order(one: i64, other: i64) {
        check_keys(&one, &other);
        check_keys(&one.cast_unsigned(), &other.cast_unsigned());
        check_keys(&(one as u32), &(other as u32));
        check_keys(&(one as u16), &(other as u16));
        check_keys(&(one as u8), &(other as u8));
        check_keys(&(one > 0), &(other > 0));
        check_keys(&RoomNum::new(one.cast_unsigned()), &RoomNum::new(other.cast_unsigned()));
    }

    #[test]
    fn tuples_keep_their_order(
        one in (text(), position(), any::<Option<u64>>(), text()),
        other in (text(), position(), any::<Option<u64>>(), text()),
    ) {
        check_keys(&one, &other);
        check_keys(&(one.0.clone(), one.2), &(other.0.clone(), other.2));
        check_keys(&(one.1, one.3.clone(), 7_u8), &(other.1, other.3.clone(), 7_u8));
        let borrowed = (one.0.as_str(), one.1, one.2, one.3.as_str());
        prop_assert_eq!(
            encoded::<(String, TimelinePos, Option<u64>, String), _>(&borrowed),
            encoded::<(String, TimelinePos, Option<u64>, String), _>(&one)
        );
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in vec(any::<u8>(), 0..64)) {
        let _ = decoded::<(String, TimelinePos)>(&bytes);
        let _ = decoded::<(OwnedUserId, Option<[u8; 4]>, Vec<u8>)>(&bytes);
        let _ = <(StreamPos, Option<String>, Vec<(u64, Bytes)>)>::decode(&bytes);
        let _ = Sample::decode(&bytes);
        let _ = Vec::<Vec<()>>::decode(&bytes);
        let _ = Box::<RawValue>::decode(&bytes);
    }

    #[test]
    fn values_come_back(number: u64, signed: i64, word in text(), list in vec((any::<u64>(), text()), 0..9)) {
        check_value(&number);
        check_value(&signed);
        check_value(&word);
        check_value(&Bytes::from(word.clone()));
        check_value(&(RoomNum::new(number), word.clone(), Some(signed)));
        check_value(&(word.clone(), Bytes::from_static(b"tail"), None::<u8>, signed > 0));
        check_value(&list);
        check_value(&list.iter().map(|(number, _)| EventNum::new(*number)).collect::<Vec<_>>());
        check_value(&Sample { name: word.clone(), count: number, extra: None });
        check_value(&(7_u16, Sample { name: word, count: number, extra: Some(signed) }));
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sample {
    name: String,
    count: u64,
    #[serde(default)]
    extra: Option<i64>,
}
store::record!(Sample);

/// The same record before the field `extra` existed.
#[derive(Serialize, Deserialize)]
struct OldSample {
    name: String,
    count: u64,
}
store::record!(OldSample);

#[test]
fn a_record_takes_a_new_field_with_a_default() {
    let bytes = encoded_value(&OldSample { name: "n".to_owned(), count: 3 });
    assert_eq!(Sample::decode(&bytes).unwrap(), Sample { name: "n".to_owned(), count: 3, extra: None });
    let newer = encoded_value(&Sample { name: "n".to_owned(), count: 3, extra: Some(1) });
    assert_eq!(OldSample::decode(&newer).unwrap().count, 3);
}

#[test]
fn identifiers_encode_alike_owned_and_borrowed() {
    let (user, room) = (user_id!("@a:b.example"), room_id!("!r:b.example"));
    let owned = (user.to_owned(), Some(room.to_owned()));
    let bytes = encoded::<(OwnedUserId, Option<ruma::OwnedRoomId>), _>(&owned);
    assert_eq!(
        bytes,
        encoded::<(OwnedUserId, Option<ruma::OwnedRoomId>), (&UserId, Option<&RoomId>)>(&(user, Some(room)))
    );
    assert_eq!(decoded::<(OwnedUserId, Option<ruma::OwnedRoomId>)>(&bytes).unwrap(), owned);
}

#[test]
fn a_stored_identifier_that_is_none_is_an_error() {
    let bytes = encoded::<String, str>("no user id");
    assert!(decoded::<OwnedUserId>(&bytes).is_err());
    assert!(<OwnedUserId as Value>::decode(b"no user id").is_err());
    assert!(<u64 as Value>::decode(&[0; 7]).is_err());
    assert!(<u64 as Value>::decode(&[0; 9]).is_err());
}
