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
    /// Only requests whose path contains this, for faults of the APIs.
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
    ApiGarbage "api.garbage" "Answers 200 with a page of HTML instead of JSON."
    ApiBanned "api.banned" "Answers like a banned address: 200 and JSON of another shape."
    ApiBusy "api.busy" "Refuses: the system is busy."
    ApiCode "api.code" "Refuses with a code; value: the code, a word for the new API and a number for the old one."
    ApiQps "api.qps" "Refuses: too many requests of this app to this API in a second."
    ApiQpm "api.qpm" "Refuses: too many in a minute."
    ApiQpsOfAll "api.qps_of_all" "Refuses: too many requests of all apps to this API."
    ApiQuotaGone "api.quota_gone" "Refuses: the month's calls are used up."
    ApiTokenRevoked "api.token_revoked" "Forgets the token that came with the request, and refuses."
    ApiAnswerLost "api.answer_lost" "Does what was asked for and breaks the connection instead of answering."
    ApiTimedOut "api.timed_out" "Does what was asked for and answers that the gateway waited too long."
    ApiTruncated "api.truncated" "Does what was asked for and breaks the connection in the middle of the answer."
    TokenExpiresAtOnce "token.expires_at_once" "A token's answer says that it lives 0 seconds."
    ConnectUnauthorised "connect.unauthorised" "The gateway refuses with 401 authFailed."
    ConnectInvalid "connect.invalid" "The gateway refuses with 400 invalidParameter."
    ConnectOverloaded "connect.overloaded" "The gateway refuses with 503."
    ConnectRefused "connect.refused" "The upgrade is refused as with a ticket that was used."
    SocketClosed "socket.closed" "The connection breaks instead of sending a push, which is lost with it."
    SocketDisconnect "socket.disconnect" "The connection is sent away before a push, which goes to another one or comes later."
    SocketDisconnectBare "socket.disconnect_bare" "The next disconnect has neither messageId nor appId."
    SocketSilent "socket.silent" "The connection stays open and nothing comes any more, not even a ping."
    SocketGarbage "socket.garbage" "Before a push comes a text that is not JSON."
    SocketBinary "socket.binary" "Before a push comes a binary message."
    SocketUnknownTopic "socket.unknown_topic" "Before a push comes a SYSTEM frame of a topic that nobody knows."
    SocketUnknownType "socket.unknown_type" "Before a push comes a frame of a type that nobody knows."
    SocketLarge "socket.large" "A push carries a field that nobody knows; value: its length in bytes, 200 000 by default."
    DeliveryAckIgnored "delivery.ack_ignored" "The acknowledgement is lost: the push comes again later."
    DeliveryDuplicate "delivery.duplicate" "After a success the push comes again."
    DeliveryReordered "delivery.reordered" "Holds pushes back and sends them in the opposite order; value: how many, 2 by default."
    DeliveryDelayed "delivery.delayed" "Sends a push later and others before it; value: milliseconds."
    DeliveryDropped "delivery.dropped" "Never sends the push."
    MessageWithoutStaffId "message.without_staff_id" "A robot's message does not say the sender's userId."
    MessageWithoutAtStaffIds "message.without_at_staff_ids" "A robot's message does not say the userIds of those who are mentioned."
    MessageWithoutContent "message.without_content" "A robot's message comes as when the month's pushes are used up."
    MessageTextNumbers "message.text_numbers" "Times of a robot's message come as texts."
    MessageUnknown "message.unknown" "A robot's message comes as unknownMsgType."
    WebhookWrongSignature "webhook.wrong_signature" "The post is signed with another key."
    WebhookOldTimestamp "webhook.old_timestamp" "The post is signed rightly for a time two hours ago."
    WebhookTampered "webhook.tampered" "The body was changed after it was signed."
    WebhookUnsigned "webhook.unsigned" "The post has no signature."
    WebhookWrongKey "webhook.wrong_key" "The event is encrypted with another key, and signed rightly."
    WebhookWrongOwner "webhook.wrong_owner" "The event is encrypted for another app."
    WebhookNewlines "webhook.newlines" "The base64 of an event has newlines."
    WebhookReplayed "webhook.replayed" "After a success the same bytes are posted again."
    SendInvalid "send.invalid" "A message to people is answered with the first of them in invalidStaffIdList."
    SendFlowControlled "send.flow_controlled" "The same with flowControlledStaffIdList."
    SendFiltered "send.filtered" "The same with filteredStaffIdList."
    MediaCodeExpired "media.code_expired" "A download code is refused."
    MediaUrlExpired "media.url_expired" "A download's address is refused with 403."
    MediaTruncated "media.truncated" "A download breaks in the middle."
    CardExists "card.exists" "A card is refused because its outTrackId is in use."
    CardSpaceFailed "card.space_failed" "A card is made and not put into its first space."
    ContactsTextNumbers "contacts.text_numbers" "Numbers and booleans of people come as texts."
    ContactsPageShort "contacts.page_short" "A page of people lacks its last one."
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

    /// Whether this fault strikes now; counts it.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        self.take(fault, "").is_some()
    }

    /// The fault's value when it strikes now, for a request to this path; counts it.
    pub(crate) fn take(&mut self, fault: Fault, path: &str) -> Option<Value> {
        let spec = self.set.get_mut(&fault)?;
        if spec.times == Some(0) || spec.path.as_ref().is_some_and(|part| !path.contains(part.as_str())) {
            return None;
        }
        if let Some(times) = &mut spec.times {
            *times -= 1;
        }
        let value = spec.value.clone();
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
        let spec = FaultSpec { times: Some(1), path: Some("/robot/".into()), value: 5.into() };
        faults.set(Fault::ApiSlow, spec);
        assert_eq!(faults.take(Fault::ApiSlow, "/v1.0/card/instances"), None);
        assert_eq!(faults.take(Fault::ApiSlow, "/v1.0/robot/groupMessages/send"), Some(5.into()));
        assert_eq!(faults.take(Fault::ApiSlow, "/v1.0/robot/groupMessages/send"), None);
        assert_eq!(faults.struck().get("api.slow"), Some(&1));
    }

    #[test]
    fn names_are_found_and_unique() {
        for fault in Fault::ALL {
            assert_eq!(Fault::find(fault.name()), Some(*fault));
        }
        assert_eq!(Fault::find("no.such"), None);
    }
}
