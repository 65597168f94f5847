//! Who is who, and who is told of it.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn people_and_departments_are_told_of_as_the_rules_allow() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    let lisi = "李四 · 主管 · 总部/销售部 · @lisi:test";
    assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!who 李四").await, lisi);
    assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!who 王五").await, "找不到「王五」。");
    let dept = asks(&mut stage, ZHANGSAN, &chat, "!dept 销售部").await;
    assert!(dept.starts_with(&format!("总部/销售部 · 主管 李四 · 2 人\n· {lisi}\n· 张三")), "{dept}");
    let tree = asks(&mut stage, ZHANGSAN, &chat, "!org tree").await;
    assert_eq!(tree, "总部 · 主管 赵六 · 1 人\n　总部/销售部 · 主管 李四 · 2 人");
    assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!Org TREE").await, tree);
    let nearest = asks(&mut stage, ZHANGSAN, &chat, "!org tre").await;
    assert!(nearest.starts_with("没有这个命令。你是想用 !org tree、!org "), "{nearest}");
    let nearest = asks(&mut stage, ZHANGSAN, &chat, "!组织 导人").await;
    assert!(nearest.starts_with("没有这个命令。你是想用 !组织 导入、!组织 "), "{nearest}");
    assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!lang en").await, "From now on I speak English.");
    let nearest = asks(&mut stage, ZHANGSAN, &chat, "!org Improt staff").await;
    assert!(nearest.starts_with("No such command. Did you mean !org import, !org "), "{nearest}");
    asks(&mut stage, ZHANGSAN, &chat, "!lang zh").await;
    let boss = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    assert!(asks(&mut stage, ZHAOLIU, &boss, "!who 李四").await.contains("电话 13800000002"));
    let refused = asks(&mut stage, ZHANGSAN, &chat, "!org visibility []").await;
    assert_eq!(refused, "没有权限：需要角色 org_admin（范围 org）。申请：!perm request");
    let rules =
        r#"!org visibility [{"subject":"dept:/总部/销售部","object":"*","fields":["title"],"allow":false}]"#;
    assert_eq!(asks(&mut stage, ZHAOLIU, &boss, rules).await, "可见性规则已保存（3 条）。");
    assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!who 李四").await, "李四 · 总部/销售部 · @lisi:test");
    let stranger = stage.room_with("@eve:test", LOCALPART, true);
    stage.settle().await;
    let told = asks(&mut stage, "@eve:test", &stranger, "!who 李四").await;
    assert_eq!(told, "此账号未绑定员工，不能操作。绑定：!bind matrix");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_bound_by_somebody_who_may_change_the_organisation() {
    let mut stage = office().await;
    imports(&mut stage, "工号,姓名,部门,账号\n9,钱九,总部,\n").await;
    // The list gave 钱九 an account of their own: a number that has one is not for others.
    let eve = stage.room_with("@eve:test", LOCALPART, true);
    stage.settle().await;
    assert_eq!(asks(&mut stage, "@eve:test", &eve, "!bind matrix 9").await, "账号或人员已有绑定。");
    assert_eq!(asks(&mut stage, "@eve:test", &eve, "!bind matrix 404").await, "账号或人员已有绑定。");
    assert_eq!(asks(&mut stage, "@eve:test", &eve, "!bind").await, "用法：!bind matrix 工号");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_of_somebody_is_told_with_its_days_to_who_may_change_the_organisation() {
    let mut stage = office().await;
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    let (chat, other) =
        (stage.room_with(ZHAOLIU, LOCALPART, true), stage.room_with(ZHANGSAN, LOCALPART, true));
    stage.settle().await;
    assert!(asks(&mut stage, ZHANGSAN, &other, "!org history 2").await.starts_with("没有权限"));
    let told = asks(&mut stage, ZHAOLIU, &chat, "!org history 2").await;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    for (line, end) in lines.iter().zip([
        "版本 1 · test · 在职 · 李四 · 总部/销售部 · 主管 · ★总部/销售部",
        "版本 2 · test · 已离职 · 李四 · 总部/销售部 · 主管 · ★总部/销售部",
    ]) {
        assert!(line.ends_with(end), "{line}");
    }
    assert_eq!(asks(&mut stage, ZHAOLIU, &chat, "!org history 404").await, "找不到「404」。");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_department_is_shown_to_its_own_and_a_public_one_lets_everybody_in() {
    let mut stage = office().await;
    let list = |visibility: &str| {
        format!(
            "工号,姓名,部门,部门主管,部门编码,部门可见性\n2,李四,总部/销售部,是,D012,{visibility}\n\
             4,王五,总部/财务部,是,,\n"
        )
    };
    imports(&mut stage, &list("")).await;
    looks(&mut stage).await;
    let (company, head, sales) =
        (room(&stage, "company"), room(&stage, "dept/总部"), room(&stage, "dept/总部/销售部"));
    let rule = |stage: &Stage| stage.homeserver().state(&sales, "m.room.join_rules", "");
    let is_shown = |stage: &Stage| stage.homeserver().state(&head, "m.space.child", &sales)["via"].is_array();
    assert_eq!((&rule(&stage)["allow"][0]["room_id"], is_shown(&stage)), (&head.as_str().into(), true));
    let (mine, other) =
        (stage.room_with(ZHANGSAN, LOCALPART, true), stage.room_with(WANGWU, LOCALPART, true));
    stage.settle().await;
    let line = "总部/销售部 (D012) · 主管 李四 · 2 人";
    assert!(asks(&mut stage, WANGWU, &other, "!dept D012").await.starts_with(line));
    for (visibility, join_rule, shown, found) in [
        ("保密", "invite", false, false),
        ("公开", "restricted", true, true),
        ("内部", "restricted", true, true),
    ] {
        imports(&mut stage, &list(visibility)).await;
        looks(&mut stage).await;
        assert_eq!(
            (&rule(&stage)["join_rule"], is_shown(&stage)),
            (&join_rule.into(), shown),
            "{visibility}"
        );
        let tree = asks(&mut stage, WANGWU, &other, "!org tree").await;
        assert_eq!(tree.contains(line), found, "{visibility}: {tree}");
        assert!(asks(&mut stage, ZHANGSAN, &mine, "!org tree").await.contains(line), "{visibility}");
        if visibility == "公开" {
            assert_eq!(rule(&stage)["allow"][0]["room_id"], company.as_str());
        }
    }
    assert_eq!(rule(&stage)["allow"][0]["room_id"], head.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_rules_hide_is_named_neither_in_a_department_nor_as_its_head() {
    let mut stage = office().await;
    let (boss, chat) =
        (stage.room_with(ZHAOLIU, LOCALPART, true), stage.room_with(ZHANGSAN, LOCALPART, true));
    stage.settle().await;
    let tree = "总部 · 主管 赵六 · 1 人\n　总部/销售部 · 主管 - · 2 人";
    for field in ["name", "department"] {
        let rules = format!(
            r#"!org visibility [{{"subject":"user:3","object":"heads_of:/总部/销售部","fields":["{field}"],"allow":false}}]"#
        );
        assert_eq!(asks(&mut stage, ZHAOLIU, &boss, &rules).await, "可见性规则已保存（3 条）。");
        let dept = asks(&mut stage, ZHANGSAN, &chat, "!dept 销售部").await;
        assert!(dept.starts_with("总部/销售部 · 主管 - · 2 人\n· 张三"), "{dept}");
        assert!(!dept.contains("李四"), "{dept}");
        assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!org tree").await, tree);
        assert!(asks(&mut stage, ZHAOLIU, &boss, "!org tree").await.contains("主管 李四"));
    }
}
