//! Spaces and rooms of departments, as people come, move and leave.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn departments_have_spaces_and_rooms_that_follow_the_chart() {
    let mut stage = office().await;
    looks(&mut stage).await;
    let (company, sales) = (room(&stage, "company"), room(&stage, "dept/总部/销售部"));
    let (notice, talk) = (room(&stage, "dept/总部/销售部\nnotice"), room(&stage, "dept/总部/销售部\ntalk"));
    for space in [&company, &sales] {
        assert_eq!(membership(&stage, space, ZHANGSAN), "invite");
    }
    assert_eq!(membership(&stage, &talk, ZHAOLIU), Value::Null);
    let head = room(&stage, "dept/总部");
    assert!(stage.homeserver().state(&head, "m.space.child", &sales)["via"].is_array());
    assert!(stage.homeserver().state(&sales, "m.space.child", &talk)["via"].is_array());
    let rule = stage.homeserver().state(&talk, "m.room.join_rules", "");
    assert_eq!(
        (&rule["join_rule"], &rule["allow"][0]["room_id"]),
        (&"restricted".into(), &sales.as_str().into())
    );

    // Who moves comes into the new rooms at once, and leaves the old ones after a week.
    imports(&mut stage, "工号,姓名,部门\n3,张三,总部/市场部\n").await;
    looks(&mut stage).await;
    assert_eq!(membership(&stage, &room(&stage, "dept/总部/市场部"), ZHANGSAN), "invite");
    assert_eq!(membership(&stage, &talk, ZHANGSAN), "invite");
    stage.advance_ms(LEAVES_AFTER_MS);
    looks(&mut stage).await;
    assert_eq!(membership(&stage, &talk, ZHANGSAN), "leave");
    assert_eq!(membership(&stage, &company, ZHANGSAN), "invite");
    // Who leaves the company leaves at once.
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    looks(&mut stage).await;
    for room in [&company, &sales, &notice, &talk] {
        assert_eq!(membership(&stage, room, LISI), "leave");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_who_leaves_is_followed_in_the_rooms_before_they_are_out() {
    let mut stage = office().await;
    looks(&mut stage).await;
    let (sales, notice) = (room(&stage, "dept/总部/销售部"), room(&stage, "dept/总部/销售部\nnotice"));
    let powers =
        |stage: &Stage| stage.homeserver().state(&notice, "m.room.power_levels", "")["users"].clone();
    imports(&mut stage, "工号,姓名,部门,部门主管,状态\n2,李四,总部/销售部,,离职\n").await;
    looks(&mut stage).await;
    assert_eq!((&powers(&stage)[LISI], &powers(&stage)[ZHAOLIU]), (&Value::Null, &50.into()));
    for place in [&sales, &notice] {
        assert_eq!(membership(&stage, place, LISI), "leave");
        assert_eq!(membership(&stage, place, ZHAOLIU), "invite");
    }
    let events = stage.homeserver().events(&notice);
    let last = |is_meant: &dyn Fn(&Value) -> bool| events.iter().rposition(is_meant).unwrap();
    let followed = last(&|event| event["type"] == "m.room.power_levels");
    let left = last(&|event| event["state_key"] == LISI && event["content"]["membership"] == "leave");
    assert!(followed < left, "nobody is without a head in between");
    // The new head has the rights, and who stood in leaves like somebody who moved.
    imports(&mut stage, "工号,姓名,部门,部门主管\n3,张三,总部/销售部,是\n").await;
    looks(&mut stage).await;
    assert_eq!((&powers(&stage)[ZHANGSAN], &powers(&stage)[ZHAOLIU]), (&50.into(), &Value::Null));
    stage.advance_ms(LEAVES_AFTER_MS);
    looks(&mut stage).await;
    assert_eq!(membership(&stage, &sales, ZHAOLIU), "leave");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_away_stays_in_the_rooms() {
    let mut stage = office().await;
    looks(&mut stage).await;
    let talk = room(&stage, "dept/总部/销售部\ntalk");
    imports(&mut stage, "工号,姓名,部门,状态\n3,张三,总部/销售部,停用\n").await;
    looks(&mut stage).await;
    stage.advance_ms(LEAVES_AFTER_MS);
    looks(&mut stage).await;
    assert_eq!(membership(&stage, &talk, ZHANGSAN), "invite");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_came_in_unasked_leaves_a_department_that_becomes_hidden() {
    let mut stage = office().await;
    looks(&mut stage).await;
    let rooms = ["", "\nnotice", "\ntalk"].map(|what| room(&stage, &format!("dept/总部/销售部{what}")));
    for room in &rooms {
        stage.joins(ZHANGSAN, room);
        // The homeserver of this stage knows no other way in; the bot has no part in it.
        stage.invites(ZHANGSAN, room, ZHAOLIU);
        stage.joins(ZHAOLIU, room);
    }
    looks(&mut stage).await;
    for room in &rooms {
        assert_eq!(membership(&stage, room, ZHAOLIU), "join", "only the bot's own list has people leave");
    }
    imports(&mut stage, "工号,姓名,部门,部门主管,部门可见性\n2,李四,总部/销售部,是,保密\n").await;
    looks(&mut stage).await;
    for room in &rooms {
        assert_eq!(membership(&stage, room, ZHAOLIU), "leave");
        assert_eq!(membership(&stage, room, ZHANGSAN), "join");
    }
}
