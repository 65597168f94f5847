//! Refusals: a number, a text that nobody may rely on, the trace that the platform's people ask for.

use serde_json::{Map, Value, json};
use simulator_stage::Refused;

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The errcode; 0 for a refusal of the control API.
    pub code: i64,
    /// The platform's text.
    pub message: String,
    /// Fields that the platform answers with all the same, empty.
    pub empty: Vec<&'static str>,
}

impl Refusal {
    /// A refusal of the API, in the words of its code.
    pub(crate) fn new(code: i64) -> Self {
        let known = TABLE.iter().find(|(known, _)| *known == code);
        let message = known.map_or("request refused", |(_, text)| *text).to_owned();
        Self { code, message, empty: Vec::new() }
    }

    /// A refusal of a parameter, with a word about it.
    pub(crate) fn parameter(what: &str) -> Self {
        Self { code: 40_058, message: what.to_owned(), empty: Vec::new() }
    }

    /// A refusal of the control API.
    pub(crate) fn control(message: &str) -> Self {
        Self { code: 0, message: message.to_owned(), empty: Vec::new() }
    }

    /// The same, answered with this list although it is empty.
    pub(crate) fn with_empty(mut self, field: &'static str) -> Self {
        self.empty.push(field);
        self
    }

    /// The body of the answer; `hint` is its trace.
    pub(crate) fn body(&self, hint: &str) -> Value {
        let trace = format!(
            "{}, hint: [{hint}], from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e={}",
            self.message, self.code
        );
        let mut body =
            Map::from_iter([("errcode".to_owned(), self.code.into()), ("errmsg".to_owned(), trace.into())]);
        body.extend(self.empty.iter().map(|field| ((*field).to_owned(), json!([]))));
        Value::Object(body)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let code = if refusal.code == 0 { Value::Null } else { refusal.code.into() };
        Self { code, message: refusal.message }
    }
}

const TABLE: &[(i64, &str)] = &[
    (-1, "system busy"),
    (40_001, "invalid credential"),
    (40_003, "invalid UserID"),
    (40_004, "invalid media type"),
    (40_005, "invalid file type"),
    (40_006, "invalid file size"),
    (40_007, "invalid media_id"),
    (40_008, "invalid message type"),
    (40_013, "invalid corpid"),
    (40_014, "invalid access_token"),
    (40_029, "invalid code"),
    (40_031, "invalid userid list"),
    (40_032, "invalid userid list length"),
    (40_035, "invalid parameter"),
    (40_050, "invalid chatid"),
    (40_056, "invalid agentid"),
    (40_057, "invalid callback url"),
    (40_063, "some parameters are empty"),
    (40_066, "invalid party list"),
    (40_068, "invalid tagid"),
    (40_070, "invalid tag list"),
    (40_096, "invalid external userid"),
    (41_001, "access_token missing"),
    (41_002, "corpid missing"),
    (41_004, "corpsecret missing"),
    (41_006, "media_id missing"),
    (41_009, "userid missing"),
    (41_011, "agentid missing"),
    (41_050, "invalid welcome code"),
    (41_051, "the customer has begun to chat already"),
    (41_096, "welcome code has been used"),
    (42_001, "access_token expired"),
    (43_004, "require subscribe"),
    (44_001, "empty media data"),
    (44_004, "empty content"),
    (45_001, "media file is too large"),
    (45_002, "content size out of limit"),
    (45_007, "voice length out of limit"),
    (45_008, "articles out of limit"),
    (45_009, "api freq out of limit"),
    (45_029, "response out of limit"),
    (45_033, "api concurrent out of limit"),
    (45_035, "api write conflict"),
    (46_004, "user no exist"),
    (48_001, "api interface not authorized"),
    (48_002, "api forbidden"),
    (48_003, "invalid suite"),
    (48_004, "invalid authorization"),
    (48_005, "no contact permission"),
    (48_009, "no permission with contact sync secret"),
    (50_001, "redirect_url domain is not trusted"),
    (50_002, "user not in app permission range"),
    (50_003, "app disabled"),
    (60_003, "department not found"),
    (60_011, "no privilege to access/modify contact/party/agent"),
    (60_020, "not allow to access from your ip"),
    (60_102, "userid already existed"),
    (60_104, "mobile already existed"),
    (60_111, "userid not found"),
    (60_123, "invalid party id"),
    (80_001, "invalid trusted domain"),
    (81_013, "user & party & tag all invalid"),
    (82_001, "empty receivers"),
    (82_002, "party list length out of limit"),
    (82_003, "tag list length out of limit"),
    (84_014, "invalid user_ticket"),
    (84_015, "user_ticket cannot be used"),
    (84_061, "not external contact"),
    (86_001, "invalid chatid"),
    (86_003, "chatid does not exist"),
    (86_004, "invalid chat name"),
    (86_005, "invalid chat owner"),
    (86_006, "chat member count out of limit"),
    (86_007, "invalid chat member"),
    (86_008, "no permission: chat was not created by this agent"),
    (86_207, "chat owner is not a member"),
    (86_215, "chatid already exists"),
    (86_216, "chat has an invalid member"),
    (86_217, "sender is not in the chat"),
    (86_220, "invalid chat parameter"),
    (90_482, "no repetition of the schedule begins at op_start_time"),
    (90_485, "the schedule does not repeat"),
    (93_000, "invalid webhook url"),
    (93_006, "invalid chatid"),
    (93_019, "invalid bot_id"),
    (95_001, "too many messages to the customer"),
    (95_002, "the customer wrote too long ago"),
    (95_004, "open_kfid not exist"),
    (95_007, "invalid msgtoken"),
    (95_013, "session has ended"),
    (95_014, "user is not a servicer"),
    (95_016, "service state cannot be changed so"),
    (95_017, "api switch of the customer service is off"),
    (95_018, "send msg session status invalid"),
    (301_002, "no permission to agentid"),
    (301_017, "voice file only supports amr"),
    (301_025, "get approval param error"),
    (301_026, "approval engine busy"),
    (301_042, "ip is not in the whitelist of the archive"),
    (301_055, "no approval auth"),
    (301_056, "approval count is not available"),
    (301_057, "approval service busy"),
    (301_060, "too many agreements are asked for"),
    (301_061, "userid or exteranalopenid not found"),
    (301_079, "invalid approval template"),
    (301_112, "invalid approval control"),
    (830_002, "need range header, media size out of limit"),
    (846_605, "invalid req_id"),
    (846_608, "stream message update expired"),
    (846_609, "aibot websocket not subscribed"),
    (850_001, "mcp authorization expired"),
    (851_014, "mcp authorization was reset"),
    (853_000, "invalid secret"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_its_code_its_trace_and_empty_fields() {
        let body = Refusal::new(60_111).with_empty("department").body("17");
        assert_eq!(body["errcode"], 60_111);
        let text = body["errmsg"].as_str().unwrap();
        assert!(text.starts_with("userid not found, hint: [17], from ip: "));
        assert_eq!(body["department"], json!([]));
    }

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
