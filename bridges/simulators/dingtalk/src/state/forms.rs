//! The forms that approvals are made from.

use serde_json::Value;

/// A form that instances are made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Process {
    pub(crate) name: String,
    /// Who decides where the request names nobody.
    pub(crate) approvers: Vec<String>,
    /// The app whose flow it is, and the fields of its form; none for a flow of the platform's own.
    pub(crate) centre: Option<(String, Vec<String>)>,
    /// Of whom the initiator chooses one who decides last; nobody is chosen where there are none.
    pub(crate) selects: Vec<String>,
    /// Its fields, where the API made it.
    pub(crate) form: Vec<Value>,
}

impl Process {
    /// By what the API knows the step for which somebody is chosen, and of whom.
    pub(crate) fn selection(&self) -> Option<(&'static str, &[String])> {
        (!self.selects.is_empty()).then_some(("manual_select", self.selects.as_slice()))
    }
}
