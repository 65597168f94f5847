use super::*;

#[test]
fn every_kind_of_message_says_something() {
    let table = [
        ("text", r#"{"text":"hi"}"#, "hi"),
        ("post", r#"{"title":"","content":[[{"tag":"text","text":"hi"}]]}"#, "hi"),
        ("image", r#"{"image_key":"img_1"}"#, "[image]"),
        ("file", r#"{"file_key":"file_1","file_name":"计划.pdf"}"#, "[计划.pdf]"),
        ("folder", r#"{"file_key":"file_1","file_name":"all"}"#, "[folder] all"),
        ("audio", r#"{"file_key":"file_1","duration":2000}"#, "[voice.ogg]"),
        (
            "media",
            r#"{"file_key":"file_1","image_key":"img_1","file_name":"a.mp4","duration":"7000"}"#,
            "[a.mp4]",
        ),
        ("sticker", r#"{"file_key":"file_1"}"#, "[sticker]"),
        (
            "interactive",
            r#"{"title":"T","elements":[[{"tag":"text","text":"a"},{"tag":"button","text":"b"}]]}"#,
            "T\na\nb",
        ),
        ("hongbao", r#"{"text":"[红包]"}"#, "[hongbao] [红包]"),
        ("share_chat", r#"{"chat_id":"oc_1"}"#, "[share_chat]"),
        ("share_user", r#"{"user_id":"ou_1"}"#, "@"),
        ("share_calendar_event", r#"{"summary":"例会","start_time":"1"}"#, "[share_calendar_event] 例会"),
        (
            "system",
            r#"{"template":"{from_user} invited {to_chatters}.","from_user":["Li"],"to_chatters":["a","b"]}"#,
            "[system] Li invited a, b.",
        ),
        ("system", r#"{"divider_text":{"text":"new session"}}"#, "[system] new session"),
        ("location", r#"{"name":"天安门","longitude":"116.39","latitude":"39.9"}"#, "[天安门] 39.9,116.39"),
        ("location", r#"{"name":"nowhere","longitude":"NaN","latitude":"39.9"}"#, "[location] nowhere"),
        ("video_chat", r#"{"topic":"standup","start_time":"1"}"#, "[video_chat] standup"),
        (
            "todo",
            r#"{"task_id":"t","summary":{"title":"","content":[[{"tag":"text","text":"do it"}]]}}"#,
            "[todo] do it",
        ),
        ("vote", r#"{"topic":"lunch?","options":["a","b"]}"#, "[vote] lunch?\n- a\n- b"),
        ("merge_forward", r#"{"content":"Merged and Forwarded Message"}"#, "[merge_forward]"),
        ("new_in_2030", r#"{"x":1}"#, "[new_in_2030]"),
        ("image", r#"{}"#, "[image]"),
        ("post", "no json", "[post]"),
        ("file", "", "[file]"),
    ];
    for (kind, content, expected) in table {
        let parts = parts(kind, content, &Mentions::default());
        assert_eq!(parts.len(), 1, "{kind}");
        assert_eq!(parts[0].to_plain(), expected, "{kind} {content}");
    }
}

#[test]
fn a_file_says_how_it_is_fetched_and_how_long_it_plays() {
    let read = parts("audio", r#"{"file_key":"file_v3_1","duration":2000}"#, &Mentions::default());
    let Content::File(file) = &read[0] else { panic!("{read:?}") };
    assert_eq!(
        (file.kind, file.media.as_str(), file.duration_ms),
        (FileKind::Voice, "file:file_v3_1", Some(2000))
    );
    let read = parts("image", r#"{"image_key":"img_v3_1"}"#, &Mentions::default());
    let Content::File(file) = &read[0] else { panic!("{read:?}") };
    assert_eq!((file.kind, file.media.as_str()), (FileKind::Image, "image:img_v3_1"));
}

#[test]
fn a_deep_card_is_read_within_bounds() {
    let deep = format!("{}{}{}", "[".repeat(100), r#"{"text":"x"}"#, "]".repeat(100));
    let content = format!(r#"{{"title":"T","elements":{deep}}}"#);
    assert_eq!(parts("interactive", &content, &Mentions::default())[0].to_plain(), "T");
    let too_deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(parts("interactive", &too_deep, &Mentions::default()).len(), 1);
}
