use super::*;

/// One who names no accounts.
fn nameless(desk: &Desk) -> WeCom {
    desk.connector_for(ServiceSettings::default())
}

/// Waits until it is said, or not any more, that the platform lists no accounts.
async fn is_amiss(runs: &Runs, is_so: bool) {
    let said = async {
        while runs.connector.amiss().is_empty() == is_so {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, said).await.expect("said in time");
}

#[tokio::test]
async fn where_no_accounts_are_listed_those_are_read_of_which_the_platform_told_and_it_is_said() {
    for code in [48_002, 60_011] {
        let desk = Desk::new().await;
        for _ in 0..2 {
            desk.answers("account/list", json!({"errcode": code, "errmsg": "api forbidden"}));
        }
        let basket = Arc::default();
        let runs = Runs::of(nameless(&desk), &basket);
        is_amiss(&runs, true).await;
        let said = runs.connector.amiss();
        assert!(said[0].en.contains("customer_service_accounts") && said.len() == 1, "{said:?}");
        assert!(desk.platform.asked("kf/sync_msg").is_empty(), "nobody knows of an account");
        desk.answers("sync_msg", page("c1", 0, &[words("m1", "hello")]));
        runs.rings(Some("TOKEN"));
        assert_eq!(runs.hears(1).await, ["hello"]);
        runs.stops().await;
        // It is known after a restart, too, without an event.
        let runs = Runs::of(nameless(&desk), &basket);
        let asked = desk.asked("sync_msg", 2).await;
        assert_eq!((&asked[1]["open_kfid"], &asked[1]["cursor"]), (&json!("wkA"), &json!("c1")));
        is_amiss(&runs, true).await;
        let listed = json!([{"open_kfid": "wkA", "name": "客服"}, {"open_kfid": "wkB", "name": "售后"}]);
        desk.answers("account/list", json!({"errcode": 0, "account_list": listed}));
        runs.bell().ring_for_all();
        is_amiss(&runs, false).await;
        let asked = desk.asked("sync_msg", 4).await;
        assert!(asked.iter().any(|body| body["open_kfid"] == "wkB"), "{asked:?}");
        runs.stops().await;
    }
}

#[tokio::test]
async fn accounts_that_are_not_listed_for_a_moment_hold_up_nothing_that_an_event_told_of() {
    let desk = Desk::new().await;
    for _ in 0..40 {
        desk.platform.next("kf/account/list", 502, "<html>");
    }
    desk.answers("sync_msg", page("c1", 0, &[words("m1", "hello")]));
    let runs = Runs::of(nameless(&desk), &Arc::default());
    runs.rings(Some("TOKEN"));
    assert_eq!(runs.hears(1).await, ["hello"]);
    assert_eq!(runs.connector.amiss(), [], "it passes");
    runs.stops().await;
}

#[tokio::test]
async fn an_app_that_the_platform_refuses_altogether_is_not_said_to_lack_its_accounts_alone() {
    for code in [40_001, 60_020] {
        let desk = Desk::new().await;
        desk.answers("account/list", json!({"errcode": code, "errmsg": "not this app"}));
        desk.answers("sync_msg", page("c1", 0, &[words("m1", "hello")]));
        let runs = Runs::of(nameless(&desk), &Arc::default());
        runs.rings(Some("TOKEN"));
        assert_eq!(runs.hears(1).await, ["hello"], "the list was asked for before");
        assert_eq!(runs.connector.amiss(), [], "{code}");
        runs.stops().await;
    }
}
