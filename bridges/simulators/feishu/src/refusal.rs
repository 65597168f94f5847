//! Refusals of the API: the code, its HTTP status and its text.

mod codes;

use serde_json::{Value, json};

use codes::{COMMON, TALK_AND_OFFICE};

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {msg}")]
pub struct Refusal {
    /// The platform's code.
    pub code: i64,
    /// The HTTP status.
    pub status: u16,
    /// The platform's text.
    pub msg: String,
    /// Scopes that are missing.
    pub scopes: Vec<&'static str>,
    /// Seconds until the window of the rate limit is over.
    pub reset_s: Option<u64>,
}

impl Refusal {
    /// The refusal of this code with the text and the status that the platform gives it.
    pub fn code(code: i64) -> Self {
        let (status, text) = COMMON
            .iter()
            .chain(TALK_AND_OFFICE)
            .find(|(known, ..)| *known == code)
            .map_or((400, "the request was refused"), |(_, status, text)| (*status, *text));
        Self { code, status, msg: text.to_owned(), scopes: Vec::new(), reset_s: None }
    }

    /// The same with an explanation after `ext=`.
    pub fn ext(code: i64, ext: &str) -> Self {
        let mut refusal = Self::code(code);
        refusal.msg = format!("{}, ext={ext}", refusal.msg);
        refusal
    }

    /// The app lacks one of these scopes.
    pub fn scopes(scopes: &[&'static str]) -> Self {
        let mut refusal = Self::code(99_991_672);
        refusal.msg = format!("{} One of the following scopes is required: {scopes:?}", refusal.msg);
        refusal.scopes = scopes.to_vec();
        refusal
    }

    /// The rate limit of an API, over in so many milliseconds.
    pub fn limited(wait_ms: u64) -> Self {
        let mut refusal = Self::code(99_991_400);
        refusal.status = 429;
        refusal.reset_s = Some(wait_ms.div_ceil(1_000).max(1));
        refusal
    }

    /// The body of the answer.
    pub fn body(&self, log_id: &str) -> Value {
        let mut error = json!({
            "log_id": log_id,
            "troubleshooter": "https://open.feishu.cn/search?from=openapi",
        });
        if !self.scopes.is_empty() {
            error["permission_violations"] = self
                .scopes
                .iter()
                .map(|scope| json!({ "type": "action_privilege_required", "subject": scope }))
                .collect();
        }
        json!({ "code": self.code, "msg": self.msg, "error": error })
    }
}

impl From<Refusal> for simulator_stage::Refused {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code.into(), message: refusal.msg }
    }
}
