//! A post to an address: encrypted, signed, and what faults make of that.

use serde_json::Value;
use simulator_stage::Post;

use crate::crypto;
use crate::faults::Fault;
use crate::state::State;
use crate::state::apps::Address;

const TOO_OLD_S: u64 = 2 * 60 * 60;
const NONCE_DIGITS: usize = 10;
const ANOTHER_KEY: crypto::Key = [42; 32];
const HUGE_BYTES: u64 = 2_000_000;
const HUGE_BYTES_MAX: u64 = 20_000_000;
/// A document that would fill any memory that believes it.
const ENTITIES: &str = concat!(
    "<!DOCTYPE xml [<!ENTITY a \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\">",
    "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">",
    "<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\"><!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\">",
    "]><xml><FromUserName>&e;</FromUserName><MsgType>text</MsgType><Content>&e;</Content></xml>",
);

/// What is put around what was encrypted.
pub(super) struct Sealed {
    pub(super) encrypted: String,
    /// The query that signs it, without a question mark.
    pub(super) query: String,
    pub(super) nonce: String,
}

/// `url` with a query behind it.
pub(super) fn address(url: &str, query: &str) -> String {
    let mark = if query.is_empty() {
        ""
    } else if url.contains('?') {
        "&"
    } else {
        "?"
    };
    format!("{url}{mark}{query}")
}

fn escaped(text: &str) -> String {
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// Encrypts and signs a text.
pub(super) fn seal(state: &mut State, to: &Address, text: &str, receive_id: &str) -> Option<Sealed> {
    let faults = &mut state.stage.faults;
    let entities = faults.strikes(Fault::CallbackEntities);
    let text = if entities { ENTITIES } else { text };
    let key = if faults.strikes(Fault::CallbackWrongKey) { &ANOTHER_KEY } else { &to.key };
    let receive_id = if faults.strikes(Fault::CallbackWrongReceiver) { "wwanother" } else { receive_id };
    let padding = faults.strikes(Fault::CallbackPadding).then_some(0);
    let token = if faults.strikes(Fault::CallbackWrongSignature) { "anothertoken" } else { &to.token };
    let unsigned = faults.strikes(Fault::CallbackUnsigned);
    let old = faults.strikes(Fault::CallbackOld);
    let tampered = faults.strikes(Fault::CallbackTampered);
    let mut encrypted = crypto::seal(key, state.stage.chance.block(), text, receive_id, padding)?;
    let timestamp = (state.now_s() - if old { TOO_OLD_S } else { 0 }).to_string();
    let nonce = state.stage.chance.id("", NONCE_DIGITS);
    let signature = crypto::signature(token, &timestamp, &nonce, &encrypted);
    if tampered {
        // Another letter of the same alphabet in the middle.
        let middle = encrypted.len() / 2;
        let letter = if encrypted.get(middle..=middle) == Some("A") { "B" } else { "A" };
        encrypted.replace_range(middle..=middle, letter);
    }
    let query = if unsigned {
        String::new()
    } else {
        format!("msg_signature={signature}&timestamp={timestamp}&nonce={nonce}")
    };
    Some(Sealed { encrypted, query, nonce })
}

/// The query of the check of an address.
pub(super) fn check(state: &mut State, to: &Address, word: &str, receive_id: &str) -> Option<String> {
    let sealed = seal(state, to, word, receive_id)?;
    Some(format!("{}&echostr={}", sealed.query, escaped(&sealed.encrypted)))
}

/// A field that makes a post as large as a fault wants.
pub(super) fn fill(state: &mut State, fields: &mut Value) {
    if let Some(bytes) = state.stage.faults.take(Fault::CallbackHuge) {
        let bytes = bytes.as_u64().unwrap_or(HUGE_BYTES).min(HUGE_BYTES_MAX);
        fields["Padding"] = "x".repeat(usize::try_from(bytes).unwrap_or_default()).into();
    }
}

/// A post of this body.
pub(super) fn post(to: &Address, query: &str, content_type: &str, body: String) -> Post {
    Post {
        url: address(&to.url, query),
        headers: vec![("Content-Type", content_type.to_owned())],
        body: body.into_bytes(),
    }
}
