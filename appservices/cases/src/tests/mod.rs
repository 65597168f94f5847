//! Chains, exports and races.

mod chains;
mod engine;
mod handovers;

use std::sync::Arc;

use ruma::{owned_event_id, owned_room_id, signatures::Ed25519KeyPair};
use serde_json::json;

use crate::*;

pub(super) fn signer() -> Signer {
    let document = Ed25519KeyPair::generate();
    Signer::new(Arc::new(Ed25519KeyPair::from_der(&document, "ent_1".into()).unwrap()))
}

pub(super) fn entry(action: &str, at_ms: u64) -> Entry {
    Entry {
        action: action.into(),
        actor: "@lisi:corp.example".into(),
        on_behalf_of: None,
        via: Via::Matrix,
        source: Some(Source::event(owned_room_id!("!r:corp.example"), owned_event_id!("$e:corp.example"))),
        link: None,
        node: Some("n1".into()),
        task: Some("t1".into()),
        from: "pending".into(),
        to: "pending".into(),
        form_sha256: Some(hash_of(b"form")),
        reason_sha256: None,
        template: "leave@1".into(),
        at_ms,
    }
}

/// A case as an export has it, with so many records.
pub(super) fn exported(no: &str, records: u64, signer: &Signer) -> Exported {
    let (origin, mut prev) = origin_of(&json!({"id": "leave", "version": 1})).unwrap();
    let mut chain = Vec::new();
    for seq in 1..=records {
        let record = Record::signed(entry("approve", seq), "01JC", no, seq, &prev, signer).unwrap();
        prev = record.hash().unwrap();
        chain.push(record);
    }
    Exported { no: no.into(), origin, records: chain, texts: [(hash_of(b"form"), "form".into())].into() }
}
