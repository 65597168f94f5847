//! Faults by name: what goes wrong next, how often, and on which paths.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that can go wrong. Implemented by [`faults!`](crate::faults!).
pub trait Fault: Copy {
    /// Its name in the control API.
    fn name(self) -> &'static str;
}

/// Says what goes wrong. All parts may be left out.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct FaultSpec {
    /// How often; for ever when missing.
    #[serde(default)]
    pub times: Option<u64>,
    /// Only requests whose path contains this, for faults of APIs.
    #[serde(default)]
    pub path: Option<String>,
    /// What the fault needs to know: see its description.
    #[serde(default)]
    pub value: Value,
}

/// Makes `Fault`, the enum of what can go wrong on a platform: what can go wrong on all of them, and what is listed as
/// `Variant "name.in_the_control_api" "What it does."`.
#[macro_export]
macro_rules! faults {
    ($($variant:ident $name:literal $description:literal)*) => {
        $crate::faults_of! {
            ApiSlow "api.slow" "Answers later; value: milliseconds."
            ApiDisconnected "api.disconnected" "Breaks the connection before anything was done."
            ApiServerError "api.server_error" "Answers an HTTP status without doing anything; value: the status, 500 by default."
            ApiAnswerLost "api.answer_lost" "Does what was asked for and breaks the connection instead of answering."
            ApiTruncated "api.truncated" "Does what was asked for and breaks the connection in the middle of the answer."
            DeliveryAckIgnored "delivery.ack_ignored" "The acknowledgement is lost: the event is sent again later."
            DeliveryDuplicate "delivery.duplicate" "After a success the event is sent again."
            DeliveryReordered "delivery.reordered" "Holds events back and sends them in the opposite order; value: how many, 2 by default."
            DeliveryDelayed "delivery.delayed" "Sends an event later and others before it; value: milliseconds."
            DeliveryDropped "delivery.dropped" "Never sends the event."
            WebhookReplayed "webhook.replayed" "After a success the same bytes are posted again."
            $($variant $name $description)*
        }
    };
}

/// The enum behind [`faults!`](crate::faults!).
#[doc(hidden)]
#[macro_export]
macro_rules! faults_of {
    ($($variant:ident $name:literal $description:literal)*) => {
        /// What can go wrong, each by its name in the control API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $(#[doc = $description] $variant,)*
        }

        impl Fault {
            /// The name of each fault, and what it does.
            pub const LIST: &'static [(&'static str, &'static str)] = &[$(($name, $description),)*];
        }

        impl $crate::Fault for Fault {
            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

/// The faults of all platforms, as the stage itself names them.
pub(crate) mod common {
    #![allow(dead_code, reason = "what strikes in answers of a kind is a platform's to ask for")]
    crate::faults! {}
}

/// What is set, and how often each fault struck.
#[derive(Default)]
pub struct Faults {
    set: BTreeMap<&'static str, FaultSpec>,
    struck: BTreeMap<&'static str, u64>,
}

impl Faults {
    /// Lets a fault strike from now on.
    pub fn set(&mut self, fault: impl Fault, spec: FaultSpec) {
        self.set_name(fault.name(), spec);
    }

    pub(crate) fn set_name(&mut self, name: &'static str, spec: FaultSpec) {
        self.set.insert(name, spec);
    }

    pub(crate) fn clear(&mut self) {
        self.set.clear();
    }

    /// Whether a fault strikes now; counts it.
    pub fn strikes(&mut self, fault: impl Fault) -> bool {
        self.take(fault).is_some()
    }

    /// The fault's value when it strikes now; counts it.
    pub fn take(&mut self, fault: impl Fault) -> Option<Value> {
        self.take_on(fault, "")
    }

    /// The same for a request to this path.
    pub fn take_on(&mut self, fault: impl Fault, path: &str) -> Option<Value> {
        let name = fault.name();
        let spec = self.set.get_mut(name)?;
        if spec.times == Some(0) || spec.path.as_deref().is_some_and(|wanted| !path.contains(wanted)) {
            return None;
        }
        if let Some(times) = &mut spec.times {
            *times -= 1;
        }
        *self.struck.entry(name).or_default() += 1;
        Some(spec.value.clone())
    }

    /// How often each fault struck so far.
    pub fn struck(&self) -> &BTreeMap<&'static str, u64> {
        &self.struck
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::common::Fault;
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_it_was_told_and_only_on_its_path() {
        let mut faults = Faults::default();
        let spec = FaultSpec { times: Some(2), path: Some("/messages".into()), value: 5.into() };
        faults.set(Fault::ApiSlow, spec);
        assert_eq!(faults.take_on(Fault::ApiSlow, "/chats"), None);
        assert_eq!(faults.take_on(Fault::ApiSlow, "/im/messages"), Some(5.into()));
        assert!(!faults.strikes(Fault::ApiDisconnected));
        assert_eq!(faults.take_on(Fault::ApiSlow, "/messages"), Some(5.into()));
        assert_eq!(faults.take_on(Fault::ApiSlow, "/messages"), None);
        assert_eq!(faults.struck().get("api.slow"), Some(&2));
        faults.set(Fault::ApiSlow, FaultSpec::default());
        faults.clear();
        assert!(!faults.strikes(Fault::ApiSlow));
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = Fault::LIST.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), Fault::LIST.len());
    }
}
