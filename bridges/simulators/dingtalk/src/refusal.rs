//! Refusals of both generations of the API.

use serde_json::{Value, json};

/// Which of the two APIs speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// HTTP statuses and codes that are words.
    New,
    /// Always HTTP 200, and codes that are numbers.
    Old,
}

/// What both generations refuse, each in its own words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// The token is none, or not any more.
    Token,
    /// The app may not do this.
    Scope(&'static str),
    /// Too many requests of this app to this API in a second.
    QpsOfApp,
    /// Too many in a minute.
    QpmOfApp,
    /// Too many requests of all to this API in a second.
    Qps,
    /// The month's calls are used up.
    Quota,
    /// The system is busy.
    Busy,
    /// The gateway waited too long: what was asked for may have been done.
    TimedOut,
}

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The platform's code: a word of the new API, a number of the old one.
    pub code: String,
    /// The platform's text.
    pub message: String,
    /// Scopes that are missing.
    pub scopes: Vec<&'static str>,
}

impl From<Refusal> for simulator_stage::Refused {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code.into(), message: refusal.message }
    }
}

impl Refusal {
    /// A refusal of the new API.
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned(), scopes: Vec::new() }
    }

    /// A refusal of the new API with HTTP 400, in the words of its code.
    pub(crate) fn bad(code: &str) -> Self {
        Self::new(400, code, code)
    }

    /// A refusal of the old API.
    pub(crate) fn old(code: i64) -> Self {
        let known = TABLE.iter().find(|(known, _)| *known == code);
        Self::new(200, &code.to_string(), known.map_or("请求被拒绝", |(_, text)| *text))
    }

    /// A refusal of the control API.
    pub(crate) fn control(message: &str) -> Self {
        Self::new(400, "control", message)
    }

    pub(crate) fn common(trouble: Trouble, generation: Generation) -> Self {
        let (status, code, message, number) = match trouble {
            Trouble::Token => (400, "InvalidAuthentication", "不合法的access_token", 40_014),
            Trouble::Scope(_) => {
                (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", "应用尚未开通所需的权限", 60_011)
            }
            Trouble::QpsOfApp => (
                403,
                "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
                "您的应用调用该接口的频率已超过限制",
                90_018,
            ),
            Trouble::QpmOfApp => (
                403,
                "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi",
                "您的应用每分钟调用该接口的次数已超过限制",
                90_018,
            ),
            Trouble::Qps => {
                (403, "Forbidden.AccessDenied.QpsLimitForApi", "该接口的调用频率已超过限制", 90_002)
            }
            Trouble::Quota => {
                (403, "Forbidden.AccessDenied.ApiCountLimitForOrg", "企业本月的调用次数已用完", 90_020)
            }
            Trouble::Busy => (500, "system.busy", "系统繁忙", -1),
            Trouble::TimedOut => (504, "ServiceTimeout", "服务超时", 15),
        };
        let mut refusal = match generation {
            Generation::New => Self::new(status, code, message),
            Generation::Old => Self::old(number),
        };
        if let Trouble::Scope(scope) = trouble {
            refusal.scopes = vec![scope];
        }
        refusal
    }

    /// The body of the answer.
    pub(crate) fn body(&self, generation: Generation, request_id: &str) -> Value {
        if generation == Generation::Old {
            // A word of the new API has no number; -1 is the old API's "busy".
            let number = self.code.parse::<i64>().unwrap_or(-1);
            let mut body = json!({ "errcode": number, "errmsg": self.message, "request_id": request_id });
            if number == 88 {
                body["sub_code"] = "60011".into();
                body["sub_msg"] = self.message.clone().into();
            }
            return body;
        }
        let mut body = json!({ "code": self.code, "requestid": request_id, "message": self.message });
        if !self.scopes.is_empty() {
            body["accessdenieddetail"] = json!({ "requiredScopes": self.scopes });
        }
        body
    }
}

const TABLE: &[(i64, &str)] = &[
    (-1, "系统繁忙"),
    (15, "isp.top-remote-connection-timeout"),
    (33_012, "无效的USERID"),
    (34_001, "无效的会话id"),
    (40_004, "不合法的媒体文件类型"),
    (40_006, "不合法的文件大小"),
    (40_014, "不合法的access_token"),
    (40_016, "不合法的chatid"),
    (40_035, "不合法的参数"),
    (40_078, "不存在的临时授权码"),
    (40_089, "不合法的corpid或corpsecret"),
    (42_001, "access_token超时"),
    (43_007, "需要授权"),
    (49_000, "缺少chatid"),
    (50_002, "请求的员工userid不在授权范围内"),
    (50_004, "请求的部门id不在授权范围内"),
    (60_003, "部门不存在"),
    (60_011, "没有调用该接口的权限"),
    (60_020, "访问ip不在白名单之中"),
    (60_121, "找不到该用户"),
    (60_124, "用户不在群内"),
    (71_006, "回调地址已经存在"),
    (71_007, "回调不存在"),
    (90_002, "您的服务器调用该接口的频率过高"),
    (90_018, "您的服务器调用钉钉开放平台所有接口的请求都被暂时禁用了"),
    (90_020, "企业本月的调用次数已用完"),
    (130_101, "send too fast, exceed 20 times per minute"),
    (300_001, "session 不存在"),
    (300_005, "token is not exist"),
    (310_000, "sign not match"),
    (400_002, "参数错误"),
    (400_013, "群已被解散"),
    (400_101, "access_token不存在"),
    (400_102, "机器人已停用"),
    (400_105, "不支持的消息类型"),
    (400_106, "机器人不存在"),
    (430_101, "含有不安全的外链"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generation_refuses_in_its_own_shape() {
        let refused = Refusal::common(Trouble::Token, Generation::New);
        let body = refused.body(Generation::New, "r");
        assert_eq!(
            (refused.status, body["code"].as_str(), body["requestid"].as_str()),
            (400, Some("InvalidAuthentication"), Some("r"))
        );
        let refused = Refusal::common(Trouble::Token, Generation::Old);
        let body = refused.body(Generation::Old, "r");
        assert_eq!((refused.status, body["errcode"].as_i64()), (200, Some(40_014)));
        let scope = Refusal::common(Trouble::Scope("Card.Instance.Write"), Generation::New);
        assert_eq!(
            scope.body(Generation::New, "")["accessdenieddetail"]["requiredScopes"][0],
            "Card.Instance.Write"
        );
    }
}
