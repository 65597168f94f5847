//! The simulated networks.

mod dingtalk;
mod faults;
mod feishu;
mod wecom;

use std::sync::Arc;

use crate::Start;

/// Every network.
pub fn all() -> Vec<Arc<dyn Start>> {
    vec![Arc::new(feishu::Feishu), Arc::new(dingtalk::DingTalks), Arc::new(wecom::WeComs)]
}
