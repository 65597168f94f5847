//! The simulated networks.

mod dingtalk;
mod faults;
mod feishu;
mod wecom;

use std::sync::Arc;

use crate::Start;

/// Every network.
pub fn all() -> Vec<Arc<dyn Start>> {
    vec![
        Arc::new(feishu::Feishu),
        Arc::new(dingtalk::DingTalks),
        Arc::new(wecom::WeComs { serves_customers: false }),
    ]
}

/// WeCom, where our connector serves customers as well.
pub fn wecom_with_customers() -> Arc<dyn Start> {
    Arc::new(wecom::WeComs { serves_customers: true })
}
