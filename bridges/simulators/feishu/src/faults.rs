//! Faults by name: what goes wrong next, how often, and on which paths.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Says what goes wrong. All parts may be left out.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct FaultSpec {
    /// How often; for ever when missing.
    #[serde(default)]
    pub times: Option<u64>,
    /// Only requests whose path contains this, for faults of the API.
    #[serde(default)]
    pub path: Option<String>,
    /// What the fault needs to know: see its description.
    #[serde(default)]
    pub value: Value,
}

macro_rules! faults {
    ($($variant:ident $name:literal $description:literal)*) => {
        /// What can go wrong, each by its name in the control API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $(#[doc = $description] $variant,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does and what its `value` is.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }
        }
    };
}

faults! {
    ApiSlow "api.slow" "Answers later; value: milliseconds."
    ApiDisconnected "api.disconnected" "Breaks the connection before anything was done."
    ApiServerError "api.server_error" "Answers an HTTP status without doing anything; value: the status, 500 by default."
    ApiGarbage "api.garbage" "Answers 200 with something that is not JSON."
    ApiDataNull "api.data_null" "Does nothing and answers code 0 with data null."
    ApiCode "api.code" "Refuses with a code; value: the code."
    ApiRateLimited "api.rate_limited" "Refuses with 429 and 99991400; value: seconds to wait, 1 by default."
    ApiRateLimitedOldStyle "api.rate_limited_old_style" "Refuses with 400 and 99991400, without headers."
    ApiAnswerLost "api.answer_lost" "Does what was asked for and breaks the connection instead of answering."
    ApiAnswerReplaced "api.answer_replaced" "Does what was asked for and answers with HTTP 500."
    ApiTruncated "api.truncated" "Does what was asked for and breaks the connection in the middle of the answer."
    MediaWrongType "media.wrong_type" "Downloads claim to be text/html."
    MembersPageShort "members.page_short" "A page of members holds one less than asked for."
    MembersPageLong "members.page_long" "A page of members holds more than asked for."
    ConnectCode "connect.code" "Discovery answers a code and data null; value: the code."
    ConnectDataNull "connect.data_null" "Discovery answers code 0 and data null."
    ConnectRefused "connect.refused" "The upgrade is refused; value: {status, autherrcode}, 514 and 1000040350 by default."
    SocketNoPong "socket.no_pong" "Pings are not answered."
    SocketPongMalformed "socket.pong_malformed" "A pong carries something that is not JSON."
    SocketPingInterval "socket.ping_interval" "A pong sets another interval; value: seconds."
    SocketSilent "socket.silent" "The connection stays open and nothing comes any more, not even a pong."
    SocketClosed "socket.closed" "The connection is closed instead of sending an event."
    SocketClosedMidFragment "socket.closed_mid_fragment" "The connection is closed after the first half of an event."
    SocketFragmented "socket.fragmented" "An event is cut into fragments; value: how many, 3 by default."
    SocketFragmentsReversed "socket.fragments_reversed" "Fragments come last first."
    SocketFragmentsMissing "socket.fragments_missing" "The last fragment does not come."
    SocketFragmentsRepeated "socket.fragments_repeated" "Each fragment comes twice."
    SocketFragmentsWrong "socket.fragments_wrong" "Before an event comes a fragment whose seq is not below its sum."
    SocketGarbage "socket.garbage" "Before an event comes a message that is not protobuf."
    SocketTruncated "socket.truncated" "Before an event comes the first half of its frame."
    SocketText "socket.text" "Before an event comes a text message."
    SocketUnknownType "socket.unknown_type" "Before an event comes a data frame of a type nobody knows."
    SocketUnknownEvent "socket.unknown_event" "Before an event comes one of a type nobody knows."
    SocketCardFrame "socket.card_frame" "A card's callback comes as a frame of type card."
    DeliveryAckIgnored "delivery.ack_ignored" "The acknowledgement is lost: the event is sent again later."
    DeliveryDuplicate "delivery.duplicate" "After a success the event is sent again."
    DeliveryNewEventId "delivery.new_event_id" "The event is sent again under another event_id."
    DeliveryReordered "delivery.reordered" "Holds events back and sends them in the opposite order; value: how many, 2 by default."
    DeliveryDelayed "delivery.delayed" "Sends an event later and others before it; value: milliseconds."
    DeliveryDropped "delivery.dropped" "Never sends the event."
    DeliveryTokenEmpty "delivery.token_empty" "The header's token is empty."
    WebhookWrongSignature "webhook.wrong_signature" "The post is signed with another key."
    WebhookWrongToken "webhook.wrong_token" "The event carries another verification token."
    WebhookWrongKey "webhook.wrong_key" "The post is encrypted with another key, and signed rightly."
    WebhookOldTimestamp "webhook.old_timestamp" "The post is signed rightly for a time a day ago."
    WebhookTampered "webhook.tampered" "The body was changed after it was signed."
    WebhookUnsigned "webhook.unsigned" "The post has no signature and is not encrypted."
    WebhookReplayed "webhook.replayed" "After a success the same bytes are posted again."
}

impl Fault {
    /// The fault of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}

/// What is set, and how often each fault struck.
#[derive(Default)]
pub(crate) struct Faults {
    set: BTreeMap<Fault, FaultSpec>,
    struck: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(crate) fn set(&mut self, fault: Fault, spec: FaultSpec) {
        self.set.insert(fault, spec);
    }

    pub(crate) fn clear(&mut self) {
        self.set.clear();
    }

    /// Whether this fault strikes now, with its value; counts it.
    pub(crate) fn take(&mut self, fault: Fault) -> Option<Value> {
        self.take_on(fault, "")
    }

    /// The same for a request to this path.
    pub(crate) fn take_on(&mut self, fault: Fault, path: &str) -> Option<Value> {
        let spec = self.set.get_mut(&fault)?;
        if spec.path.as_deref().is_some_and(|wanted| !path.contains(wanted)) {
            return None;
        }
        let value = spec.value.clone();
        if let Some(times) = &mut spec.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.set.remove(&fault);
            }
        }
        *self.struck.entry(fault.name()).or_default() += 1;
        Some(value)
    }

    /// How often each fault struck so far.
    pub(crate) fn struck(&self) -> &BTreeMap<&'static str, u64> {
        &self.struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_it_was_told_and_only_on_its_path() {
        let mut faults = Faults::default();
        let spec = FaultSpec { times: Some(2), path: Some("/messages".into()), value: Value::Null };
        faults.set(Fault::ApiGarbage, spec);
        assert!(faults.take_on(Fault::ApiGarbage, "/open-apis/im/v1/chats").is_none());
        assert!(faults.take_on(Fault::ApiGarbage, "/open-apis/im/v1/messages").is_some());
        assert!(faults.take_on(Fault::ApiGarbage, "/open-apis/im/v1/messages").is_some());
        assert!(faults.take_on(Fault::ApiGarbage, "/open-apis/im/v1/messages").is_none());
        assert_eq!(faults.struck().get("api.garbage"), Some(&2));
    }

    #[test]
    fn names_are_found_and_unique() {
        for fault in Fault::ALL {
            assert_eq!(Fault::find(fault.name()), Some(*fault));
        }
        assert_eq!(Fault::find("no.such"), None);
    }
}
