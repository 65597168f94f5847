//! Whatever bytes a stranger sends as an event: an error or an event that every reader can handle, never a panic,
//! and what clients are shown of it is always JSON.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use model::{EventForm, Pdu, ROOM_VERSIONS, Unsigned, client_event};
use ruma::push::Ruleset;
use ruma::{event_id, user_id};
use rules::push::{CompiledRules, PushContext};

fuzz_target!(|bytes: &[u8]| {
    let _ = rules::canonical::check_nesting(bytes);
    if let Ok(object) = rules::canonical::parse_object(bytes) {
        let canonical = rules::canonical::to_bytes(&object).expect("what was parsed can be written");
        let again = rules::canonical::parse_object(&canonical).expect("what was written can be parsed");
        assert_eq!(object, again);
        for version in ROOM_VERSIONS.iter() {
            if rules::canonical::check_event(&object, version).is_ok()
                && let Ok(event_id) = rules::build::event_id(&object, version)
            {
                // Reading is stricter than the format in odd corners; an error is fine, a panic is not.
                if let Ok(pdu) = Pdu::parse(event_id, Bytes::from(canonical.clone())) {
                    read(&pdu);
                }
            }
        }
    }
    if let Ok(pdu) = Pdu::parse(event_id!("$fuzz").to_owned(), Bytes::copy_from_slice(bytes)) {
        read(&pdu);
    }
});

/// Everything that looks into an event.
fn read(pdu: &Pdu) {
    for form in [EventForm::Full, EventForm::Sync, EventForm::State, EventForm::Stripped] {
        let shown = client_event(pdu, form, &Unsigned { age_ms: Some(1), ..Unsigned::default() });
        serde_json::from_slice::<serde::de::IgnoredAny>(&shown).expect("clients are shown JSON");
    }
    for version in ROOM_VERSIONS.iter() {
        let _ = pdu.redacts(version);
        let _ = rules::redaction::redact(pdu, version);
        let _ = rules::auth::check(version, pdu, |_, _| None);
        let power = rules::PowerLevels::new(version, pdu, Some(pdu));
        let _ = power.may_send(pdu.sender(), pdu.kind(), pdu.is_state());
    }
    let _ = rules::relations::relation(pdu);
    let _ = rules::relations::reply_to(pdu);
    let _ = rules::acl::ServerAcl::new(pdu.content_str()).allows(pdu.sender().server_name());
    let _ = rules::visibility::history_visibility(pdu.content_str());
    let user = user_id!("@reader:example.org");
    let context =
        PushContext { user, display_name: Some("Reader"), member_count: 2, power: None, thread_subscribed: None };
    let _ = CompiledRules::compile(&Ruleset::server_default(user)).evaluate(&context, pdu);
}
