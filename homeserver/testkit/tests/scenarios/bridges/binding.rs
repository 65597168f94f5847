//! Which conversation belongs to which room, and who says so.

use crate::bridges::{Bridge, bodies, group};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_said_in_a_group_binds_it_and_strangers_bind_nothing() {
    let bridge = Bridge::new().await;
    let other = group(&bridge.platform, "新群").await;
    let code = bridge.code("feishu").await;
    bridge.speaks(&other, "bind wrong-code").await;
    bridge.speaks(&other, &format!("绑定 {code}")).await;
    bridge.until_bound(&other).await;
    bridge.speaks(&other, "三").await;
    let heard = bridge.hears_until(|heard| bodies(heard).contains(&"三")).await;
    assert_eq!(bodies(&heard), ["三"], "the code itself is nobody's business");
}
