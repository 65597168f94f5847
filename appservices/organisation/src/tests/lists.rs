//! Staff lists from a chat.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_list_is_imported_from_a_chat() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    let how = asks(&mut stage, ZHAOLIU, &chat, "!org import").await;
    assert!(how.starts_with("请上传 CSV 文件"), "{how}");
    let list = "工号,姓名,部门\n4,王五,总部/财务部\n1.2E+10,甲,总部\n";
    let file = stage.uploads(ZHAOLIU, &chat, "staff.csv", list.as_bytes(), None);
    stage.replies(ZHAOLIU, &chat, &file, "!org import");
    stage.settle().await;
    let looked = stage.said(&chat).pop().unwrap();
    assert!(looked.contains("第 3 行 工号：1.2E+10 像是被 Excel 改写的数字，请设为文本。"), "{looked}");
    assert!(looked.contains("部门 总部/财务部 没有主管，0 个审批节点会无人处理。"), "{looked}");
    let id = looked.split_whitespace().last().unwrap().to_owned();
    let chat_of_other = stage.room_with(LISI, LOCALPART, true);
    stage.settle().await;
    assert!(
        asks(&mut stage, LISI, &chat_of_other, &format!("!org apply {id}")).await.starts_with("没有权限")
    );
    stage.says(ZHAOLIU, &chat, &format!("!org apply {id}"));
    stage.settle().await;
    for line in ["1 人已变更，组织版本 2。", "新增 1 人。首次登录链接：!org link new"] {
        assert!(stage.said(&chat).contains(&line.to_owned()), "{:?}", stage.said(&chat));
    }
    assert!(asks(&mut stage, ZHAOLIU, &chat, "!who 王五").await.starts_with("王五 · 总部/财务部"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_list_from_an_encrypted_chat_is_read_and_one_that_is_another_by_now_is_not() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    let list = "工号,姓名,部门\n4,王五,总部/财务部\n";
    let file = stage.uploads_locked(ZHAOLIU, &chat, "staff.csv", list.as_bytes(), None);
    stage.replies(ZHAOLIU, &chat, &file, "!org import");
    stage.settle().await;
    let looked = stage.said(&chat).pop().unwrap();
    assert!(looked.contains("部门 总部/财务部 没有主管，0 个审批节点会无人处理。"), "{looked}");
    stage.homeserver().spoils_files();
    stage.replies(ZHAOLIU, &chat, &file, "!org import");
    stage.settle().await;
    assert_eq!(stage.last(&chat), "文件内容与消息中的校验值不符，请重新上传后再回复：!org import");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_there_becomes_nobodys_because_a_name_sounds_alike() {
    let mut stage = office().await;
    // Somebody whom no list knows has an account already.
    let [chat, _] = [ZHAOLIU, "@sunqi:test"].map(|person| stage.room_with(person, LOCALPART, true));
    stage.settle().await;
    let list = "工号,姓名,部门\n6,孙七,总部\n7,周八,总部\n";
    let file = stage.uploads(ZHAOLIU, &chat, "staff.csv", list.as_bytes(), None);
    stage.replies(ZHAOLIU, &chat, &file, "!org import");
    stage.settle().await;
    let looked = stage.said(&chat).pop().unwrap();
    let id = looked.split_whitespace().last().unwrap().to_owned();
    asks(&mut stage, ZHAOLIU, &chat, &format!("!org apply {id}")).await;
    assert!(asks(&mut stage, ZHAOLIU, &chat, "!who 孙七").await.ends_with("@sunqi2:test"));
    assert!(asks(&mut stage, ZHAOLIU, &chat, "!who 周八").await.ends_with("@zhouba:test"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_list_that_loses_many_waits_for_another_administrator() {
    let mut stage = office().await;
    imports(&mut stage, "工号,姓名,部门,账号,角色\n4,王五,总部,wangwu,org_admin\n").await;
    let [chat, other] = [ZHAOLIU, WANGWU].map(|person| stage.room_with(person, LOCALPART, true));
    stage.settle().await;
    let list = "工号,姓名,部门\n1,赵六,总部\n4,王五,总部\n";
    let file = stage.uploads(ZHAOLIU, &chat, "staff.csv", list.as_bytes(), None);
    stage.replies(ZHAOLIU, &chat, &file, "!org import --full");
    stage.settle().await;
    let looked = stage.said(&chat).pop().unwrap();
    let refused = "E403 将影响 2 人（50%），需要第二位管理员确认：王五";
    assert!(looked.contains(refused), "{looked}");
    let id = looked.split_whitespace().last().unwrap().to_owned();
    let apply = format!("!org apply {id}");
    assert_eq!(asks(&mut stage, ZHAOLIU, &chat, &apply).await, refused);
    assert!(asks(&mut stage, ZHAOLIU, &chat, "!who 李四").await.starts_with("李四"), "nobody left by this");
    stage.says(WANGWU, &other, &apply);
    stage.settle().await;
    assert!(stage.said(&other).iter().any(|said| said.starts_with("2 人已变更")), "{:?}", stage.said(&other));
    assert_eq!(asks(&mut stage, ZHAOLIU, &chat, "!who 李四").await, "找不到「李四」。");
}
