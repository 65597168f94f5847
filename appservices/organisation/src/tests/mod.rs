//! Conversations with the bot, and the rooms that it keeps.

mod directory;
mod links;
mod lists;
mod pages;
mod rooms;
mod standings;

use std::sync::Arc;

use kit::{
    Bot,
    double::{Play, Stage},
};
use people::{People, PeopleParts};
use ruma::OwnedServerName;
use serde_json::Value;

use crate::{LOCALPART, Links, Organisation, OrganisationParts, TEXTS, limits, tables};

const LIST: &str = "工号,姓名,部门,职位,部门主管,账号,角色,手机\n\
    1,赵六,总部,总经理,是,zhaoliu,org_admin,13800000001\n\
    2,李四,总部/销售部,主管,是,lisi,,13800000002\n\
    3,张三,总部/销售部,专员,,zhangsan,,13800000003\n";
const ZHAOLIU: &str = "@zhaoliu:test";
const LISI: &str = "@lisi:test";
const ZHANGSAN: &str = "@zhangsan:test";
const WANGWU: &str = "@wangwu:test";
const LEAVES_AFTER_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

fn people_of(kit: &kit::Kit) -> PeopleParts {
    PeopleParts {
        store: kit.store().clone(),
        clock: kit.clock().clone(),
        rng: kit.rng().clone(),
        server_name: OwnedServerName::try_from("test").unwrap(),
    }
}

/// The bot with an organisation that is read at each start.
fn bots(kit: &kit::Kit) -> Vec<Arc<dyn Bot>> {
    let people = tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(People::open(people_of(kit)))
    });
    let steps: crate::CountSteps = Arc::new(|_| Box::pin(async { crate::Steps::new() }));
    let (kit, people) = (kit.clone(), people.unwrap());
    let base_url = "https://chat.test".to_owned();
    let links = Links { kit: kit.clone(), people: people.clone(), base_url };
    let leaves_after_ms = LEAVES_AFTER_MS;
    let parts = OrganisationParts { kit, people, steps, has_rooms: true, leaves_after_ms, links };
    vec![Arc::new(Organisation::new(parts))]
}

async fn imports(stage: &mut Stage, list: &str) {
    let people = People::open(people_of(stage.kit())).await.unwrap();
    let preview = people.preview(list.as_bytes(), false, "test").await.unwrap();
    people.apply(&preview.id, "test").await.unwrap();
    stage.restart().await;
}

async fn office() -> Stage {
    let tables = [tables(), people::tables()].concat();
    let play = Play { localparts: vec![LOCALPART], tables, texts: vec![TEXTS], bots };
    let mut stage = Stage::new(play).await;
    imports(&mut stage, LIST).await;
    stage
}

/// Looks until nothing is left to do.
async fn looks(stage: &mut Stage) {
    for _ in 0..8 {
        stage.advance_ms(limits::ROOMS_INTERVAL_MS);
        stage.settle().await;
    }
}

fn room(stage: &Stage, key: &str) -> String {
    let rooms = stage.homeserver().rooms_with("com.lianqiao.room", |state| state["key"] == key);
    assert_eq!(rooms.len(), 1, "{key}");
    rooms[0].clone()
}

fn membership(stage: &Stage, room: &str, user: &str) -> Value {
    stage.homeserver().state(room, "m.room.member", user)["membership"].clone()
}

async fn asks(stage: &mut Stage, who: &str, room: &str, text: &str) -> String {
    stage.says(who, room, text);
    stage.settle().await;
    stage.said(room).pop().unwrap_or_default()
}
