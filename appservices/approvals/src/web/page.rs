//! The markup of a form. Nothing on a page is loaded from anywhere and no script runs; whatever people wrote is escaped.

use std::collections::BTreeMap;

use kit::texts::{Lang, Pen};
use quick_xml::escape::escape;

use super::typed::{Typed, cell, name, part};
use crate::{
    card::names_in,
    limits::FIELD_BYTES_MAX,
    template::{Field, FieldKind, Form, Template},
};

/// How pages look. The policy of a page names its digest.
pub(super) const STYLE: &str = "body{font:16px/1.6 sans-serif;max-width:46em;margin:2em auto;padding:0 1em}\
    label,legend{font-weight:bold}fieldset{border:0;margin:0;padding:0}\
    input,select,textarea{font:inherit;padding:.4em;box-sizing:border-box;max-width:100%}\
    .wide{width:100%}textarea{min-height:6em}table{width:100%}td input,td select{width:100%}\
    td,th{padding:.1em;text-align:left}.scrolls{overflow-x:auto}\
    button{font:inherit;padding:.5em 1.5em;margin:.3em .5em .3em 0}.wrong{color:#b00020;margin:.2em 0}\
    .note{color:#555;margin:.2em 0}.field{margin:0 0 1.2em}";

/// What a form is written with.
pub(super) struct Sheet<'a> {
    pub template: &'a Template,
    /// What the case holds.
    pub form: &'a Form,
    pub typed: &'a Typed,
    /// What is wrong with a field, in words.
    pub wrong: &'a BTreeMap<String, String>,
    pub pen: Pen<'a>,
}

/// A whole page.
pub(crate) fn page(lang: Lang, title: &str, content: &str) -> String {
    let language = if lang == Lang::En { "en" } else { "zh-CN" };
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{content}</body></html>"
    )
}

/// A paragraph.
pub(crate) fn paragraph(class: &str, text: &str) -> String {
    let text = escape(text).replace('\n', "<br>");
    format!("<p class=\"{class}\">{text}</p>")
}

impl Sheet<'_> {
    /// The form with its buttons. The first one is what the enter key presses: it changes nothing.
    pub fn form(&self) -> String {
        let fields: String = self.template.form.iter().map(|field| self.field(field)).collect();
        let [submit, save] = ["web.submit", "web.save"].map(|key| self.pen.say(key, &[]));
        let (submit, save) = (escape(&submit), escape(&save));
        format!(
            "<form method=\"post\" autocomplete=\"off\"><input type=\"submit\" name=\"do\" value=\"stay\" hidden formnovalidate>\
             {fields}<button name=\"do\" value=\"submit\">{submit}</button>\
             <button name=\"do\" value=\"save\" formnovalidate>{save}</button></form>"
        )
    }

    fn field(&self, field: &Field) -> String {
        let label = match field.label.in_language(names_in(self.pen.lang)) {
            "" => &field.id,
            label => label,
        };
        // Whether people are to be chosen hangs on where the flow leads.
        let mark = if field.required && field.chooses.is_none() { " *" } else { "" };
        let label = format!("{}{mark}", escape(label));
        let wrong = self.wrong.get(&field.id).map(|words| paragraph("wrong", words)).unwrap_or_default();
        let note = self.note(field).map(|words| paragraph("note", &words)).unwrap_or_default();
        let id = escape(name(field)).into_owned();
        let several = |inner: String| format!("<fieldset><legend>{label}</legend>{inner}</fieldset>");
        let content = match field.kind {
            FieldKind::DateRange => several(self.range(field)),
            FieldKind::Multi => several(self.choices(field)),
            FieldKind::List => several(self.list(field)),
            FieldKind::Attachment | FieldKind::Image | FieldKind::Formula => several(String::new()),
            FieldKind::Text
            | FieldKind::Textarea
            | FieldKind::Number
            | FieldKind::Amount
            | FieldKind::Date
            | FieldKind::Single
            | FieldKind::Contact
            | FieldKind::People
            | FieldKind::Phone
            | FieldKind::Link
            | FieldKind::Datetime
            | FieldKind::Department => {
                let is_kept = field.sensitive && self.form.contains_key(&field.id);
                let input =
                    self.input(field, &name(field), field.required && !is_kept && field.chooses.is_none());
                format!("<label for=\"{id}\">{label}</label><br>{input}")
            }
        };
        format!("<div class=\"field\">{content}{note}{wrong}</div>")
    }

    /// What is to be known of a field.
    fn note(&self, field: &Field) -> Option<String> {
        if field.kind == FieldKind::People && !field.options.is_empty() {
            return Some(self.pen.say("web.people", &[("names", &field.options.join("、"))]));
        }
        let is_kept = field.sensitive && self.form.contains_key(&field.id);
        let notes = [
            (field.kind.is_file(), "web.files"),
            (field.kind == FieldKind::Formula, "form.formula"),
            (is_kept, "web.kept"),
            (matches!(field.kind, FieldKind::Contact | FieldKind::People), "web.contact"),
        ];
        notes.into_iter().find(|(holds, _)| *holds).map(|(_, key)| self.pen.say(key, &[]))
    }

    /// The only input of a field, or of a cell.
    fn input(&self, field: &Field, name: &str, is_required: bool) -> String {
        let text = escape(self.typed.text(name));
        let required = if is_required { " required" } else { "" };
        let escaped = escape(name);
        let named = format!("id=\"{escaped}\" name=\"{escaped}\" class=\"wide\"{required}");
        let (kind, more) = match field.kind {
            FieldKind::Textarea => {
                return format!("<textarea {named} maxlength=\"{FIELD_BYTES_MAX}\">\n{text}</textarea>");
            }
            FieldKind::Single => return self.select(field, name, &named),
            FieldKind::Number => ("text", " inputmode=\"numeric\""),
            FieldKind::Amount => ("text", " inputmode=\"decimal\""),
            FieldKind::Date => ("date", ""),
            FieldKind::Datetime => ("datetime-local", ""),
            FieldKind::Phone => ("tel", ""),
            FieldKind::Link => ("url", ""),
            FieldKind::Text
            | FieldKind::Contact
            | FieldKind::People
            | FieldKind::Department
            | FieldKind::Multi
            | FieldKind::DateRange
            | FieldKind::Attachment
            | FieldKind::Image
            | FieldKind::List
            | FieldKind::Formula => ("text", ""),
        };
        format!("<input type=\"{kind}\" {named} maxlength=\"{FIELD_BYTES_MAX}\" value=\"{text}\"{more}>")
    }

    fn select(&self, field: &Field, name: &str, named: &str) -> String {
        let options = field.options.iter().zip(1..).map(|(option, number)| {
            let chosen = self.typed.text(name);
            let is_chosen = chosen == number.to_string() || chosen == option.as_str();
            let selected = if is_chosen { " selected" } else { "" };
            format!("<option value=\"{number}\"{selected}>{}</option>", escape(option))
        });
        format!("<select {named}><option value=\"\"></option>{}</select>", options.collect::<String>())
    }

    fn choices(&self, field: &Field) -> String {
        let name = name(field);
        let choice = |(option, number): (&String, i32)| {
            let checked = if self.typed.is_chosen(&name, &number.to_string()) { " checked" } else { "" };
            let (name, option) = (escape(&name), escape(option));
            format!(
                "<label><input type=\"checkbox\" name=\"{name}\" value=\"{number}\"{checked}> {option}</label> "
            )
        };
        field.options.iter().zip(1..).map(choice).collect()
    }

    /// Two days, each with the half of it.
    fn range(&self, field: &Field) -> String {
        let end = |day: &str, half: &str, value: &str, key: &str| {
            let (day, half) = (part(field, day), part(field, half));
            let selected = if self.typed.text(&half) == value { " selected" } else { "" };
            let words = self.pen.say(key, &[]);
            format!(
                "<input type=\"date\" name=\"{}\" value=\"{}\"> <select name=\"{}\"><option value=\"\"></option>\
                 <option value=\"{value}\"{selected}>{}</option></select>",
                escape(&day),
                escape(self.typed.text(&day)),
                escape(&half),
                escape(&words),
            )
        };
        format!(
            "{} – {}",
            end("from", "starts", "pm", "web.from_noon"),
            end("to", "ends", "am", "web.to_noon")
        )
    }

    fn list(&self, field: &Field) -> String {
        let language = names_in(self.pen.lang);
        let heads = field.columns.iter().map(|column| {
            let label = match column.label.in_language(language) {
                "" => &column.id,
                label => label,
            };
            format!("<th>{}{}</th>", escape(label), if column.required { " *" } else { "" })
        });
        let heads: String = heads.collect();
        let cells = |row: usize| {
            let columns = field.columns.iter().enumerate();
            let cells = columns.map(move |(place, column)| {
                format!("<td>{}</td>", self.input(column, &cell(field, row, place), false))
            });
            format!("<tr>{}</tr>", cells.collect::<String>())
        };
        let count = self.typed.rows(field);
        let rows: String = (0..count).map(cells).collect();
        let (held, more) = (part(field, "rows"), self.pen.say("web.more", &[]));
        let (held, id, more) = (escape(&held), escape(&field.id), escape(&more));
        format!(
            "<div class=\"scrolls\"><table><tr>{heads}</tr>{rows}</table></div>\
             <input type=\"hidden\" name=\"{held}\" value=\"{count}\">\
             <button name=\"more\" value=\"{id}\" formnovalidate>{more}</button>"
        )
    }
}
