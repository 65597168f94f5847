//! Refusals of the API: the code, its HTTP status and its text.

use serde_json::{Value, json};

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
        let (status, text) = TABLE
            .iter()
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

const TABLE: &[(i64, u16, &str)] = &[
    (1500, 500, "internal error"),
    (2200, 500, "internal error"),
    (9499, 400, "Bad Request"),
    (10_003, 400, "invalid param"),
    (10_014, 400, "app is disabled"),
    (10_015, 400, "app secret invalid"),
    (10_016, 400, "the app is no store app"),
    (20_001, 400, "a required parameter is missing"),
    (20_002, 400, "the client secret is invalid"),
    (20_003, 400, "the code was not found or was used"),
    (20_004, 400, "the code has expired"),
    (20_005, 200, "the user access token is invalid"),
    (20_008, 400, "the user does not exist"),
    (20_010, 400, "the user has no permission to use the app"),
    (20_021, 200, "the user has resigned"),
    (20_024, 400, "the code or token is of another app"),
    (20_026, 400, "the refresh token is invalid"),
    (20_027, 400, "a scope is not enabled for the app"),
    (20_036, 400, "the grant type is not supported"),
    (20_037, 400, "the refresh token has expired"),
    (20_048, 400, "the app does not exist"),
    (20_049, 400, "the code verifier does not match"),
    (20_050, 500, "the service is unexpectedly busy"),
    (20_064, 400, "the token was revoked"),
    (20_066, 400, "the state of the user forbids it"),
    (20_068, 400, "a scope was not granted"),
    (20_069, 400, "the app is disabled"),
    (20_072, 503, "the service is temporarily unavailable"),
    (20_073, 400, "the refresh token was used"),
    (20_074, 400, "refreshing is switched off for the app"),
    (40_001, 400, "param error"),
    (40_004, 403, "no dept authority error"),
    (40_008, 400, "department not found"),
    (40_012, 400, "page_token is invalid"),
    (41_012, 400, "user id invalid"),
    (41_050, 400, "no user authority error"),
    (99_991_400, 400, "request trigger frequency limit"),
    (99_991_403, 400, "This month's API call quota has been exceeded"),
    (99_991_661, 400, "Missing access token for authorization"),
    (99_991_662, 400, "app is disabled"),
    (99_991_663, 400, "Invalid access token for authorization. Please make a request with token attached."),
    (99_991_672, 400, "Access denied."),
    (99_991_673, 400, "app status unavailable"),
    (99_992_351, 400, "The open_id does not exist"),
    (99_992_354, 400, "The message_id does not exist"),
    (99_992_356, 400, "The chat_id does not exist"),
    (99_992_360, 400, "The user_id does not exist"),
    (99_992_361, 400, "open_id cross app"),
    (99_992_364, 400, "The union_id does not exist"),
    (99_992_402, 400, "field validation failed"),
    (60_012, 400, "uuid conflict"),
    (121_001, 500, "internal error"),
    (121_003, 400, "param error"),
    (121_004, 404, "not found"),
    (121_005, 403, "no permission"),
    (122_001, 400, "the state of the meeting forbids it"),
    (123_003, 400, "too many hosts"),
    (123_006, 400, "the password is invalid"),
    (124_002, 400, "the recording is being processed"),
    (190_003, 500, "internal error"),
    (190_004, 429, "method rate limited"),
    (190_008, 400, "sync token is expired"),
    (190_010, 429, "current operation rate limited"),
    (190_014, 400, "invalid parameters"),
    (191_000, 404, "calendar not found"),
    (191_002, 403, "no calendar access_role"),
    (193_001, 404, "event not found"),
    (193_002, 403, "no permission to operate on the event"),
    (193_003, 404, "event is deleted"),
    (195_100, 400, "user is dismissed or does not exist in the tenant"),
    (198_001, 400, "the number of users exceeds the limit"),
    (230_001, 400, "Your request contains an invalid request parameter"),
    (230_002, 400, "The bot can not be outside the group."),
    (230_006, 400, "Bot ability is not activated."),
    (230_009, 400, "The message exceeds the time limit for recall"),
    (230_011, 400, "The message was withdrawn."),
    (230_012, 400, "The operator is not the sender of the message"),
    (230_013, 400, "Bot has NO availability to this user."),
    (230_017, 400, "Bot is not the owner of the resource."),
    (230_018, 400, "These operations are NOT allowed at current group settings."),
    (230_019, 400, "The topic does NOT exist."),
    (230_020, 400, "This operation triggers the frequency limit"),
    (230_022, 400, "The content of the message contains sensitive information."),
    (230_025, 400, "The length of the message content reaches its limit."),
    (230_026, 400, "No permission to recall this message."),
    (230_027, 400, "Lack of necessary permissions"),
    (230_028, 400, "The messages do NOT pass the audit"),
    (230_029, 400, "User has resigned"),
    (230_031, 400, "The card is too old to be updated"),
    (230_033, 400, "The message exceeds the time limit for who has read it"),
    (230_034, 400, "The receive_id is invalid"),
    (230_035, 400, "Send Message Permission deny."),
    (230_049, 400, "The message is being sent"),
    (230_050, 400, "The message is invisible to the operator."),
    (230_053, 400, "The user has stopped the bot from sending messages."),
    (230_054, 400, "This operation is not supported for this message type."),
    (230_055, 400, "The type of file upload does not match the type of message being sent."),
    (230_071, 400, "The operator is not the sender of the message or the group does not support it"),
    (230_072, 400, "The message has reached the number of times it can be edited"),
    (230_075, 400, "The message exceeds the time limit for editing"),
    (230_099, 400, "Failed to create card content"),
    (230_110, 400, "The message has been deleted"),
    (231_001, 400, "reaction type is invalid."),
    (231_002, 400, "The operator has no permission to react on the specific message."),
    (231_003, 400, "The message is not found."),
    (231_007, 400, "The user is not the owner of the reaction."),
    (231_010, 400, "The reaction does not belong to the message."),
    (231_011, 400, "The reaction_id is invalid."),
    (231_017, 400, "The message type does not support reactions."),
    (232_001, 400, "Your request contains an invalid request parameter"),
    (232_002, 400, "Operator is NOT the owner or a manager of the chat"),
    (232_006, 400, "Your request specifies a chat_id which is invalid."),
    (232_009, 400, "Your request specifies a chat which has already been dissolved."),
    (232_011, 400, "Operator can NOT be out of the chat."),
    (232_019, 400, "The request triggers the frequency limit of this chat"),
    (232_020, 400, "The chat name is too short"),
    (232_024, 400, "The app has no availability to these users"),
    (232_025, 400, "Bot ability is not activated."),
    (232_043, 400, "Your request contains unavailable ids."),
    (234_001, 400, "Invalid request param."),
    (234_003, 400, "File not in message."),
    (234_004, 400, "App not in chat."),
    (234_006, 400, "The file size exceed the max value."),
    (234_008, 400, "The app is not the resource sender."),
    (234_010, 400, "File's size can't be 0."),
    (234_011, 400, "Can't recognize the image format."),
    (234_037, 400, "Downloaded file size exceeds limit."),
    (234_039, 400, "The image resolution exceeds the limit."),
    (234_043, 400, "Unsupported message type."),
    (300_020, 400, "the token is in the wrong form"),
    (300_030, 400, "the token is expired"),
    (300_040, 400, "the token was used up"),
    (1_390_001, 400, "param is invalid"),
    (1_390_002, 400, "approval code not found"),
    (1_390_003, 400, "instance code not found"),
    (1_390_004, 400, "user not found"),
    (1_390_007, 400, "subscription existed"),
    (1_390_009, 403, "no permission"),
    (1_390_010, 400, "task id not found"),
    (1_395_001, 500, "there have been some errors. please try again later"),
    (1_470_400, 400, "invalid parameters"),
    (1_470_403, 403, "no permission"),
    (1_470_404, 404, "the resource is not found or was deleted"),
    (1_470_422, 422, "a request with the same client_token is under way"),
    (1_470_500, 500, "internal error"),
    (1_470_610, 400, "too many assignees"),
    (1_470_611, 400, "too many followers"),
    (1_470_613, 400, "too many reminders"),
    (2_091_002, 400, "the minutes were not found"),
    (2_091_005, 403, "no permission"),
    (1_000_040_343, 200, "internal error"),
    (1_000_040_350, 200, "the number of connections exceeded the limit"),
];
