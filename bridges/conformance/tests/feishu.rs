//! The connector for Feishu passes everything, and `ROADMAP.md` says what the suite found.

use conformance::{between_marks, platforms, report, table};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_connector_passes_and_the_roadmap_says_so() {
    let start = platforms::all().into_iter().find(|start| start.name() == "feishu").unwrap();
    let report = report(start, "").await;
    assert!(report.outcomes.len() > 105, "the suite lost cases: {}", report.outcomes.len());
    let failures = report.failures();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n\n"));
    let document = include_str!("../../../ROADMAP.md");
    let (begins, ends) = between_marks(document, "feishu").expect("the marks of the table");
    assert_eq!(
        &document[begins..ends],
        table(&report),
        "write it anew: cargo run -p lianqiao-bridge-conformance -- --write ROADMAP.md"
    );
}
