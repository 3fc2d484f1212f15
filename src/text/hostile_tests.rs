//! Texts that nobody means well: nothing may panic, overflow or hang, and whatever `ron` accepts
//! must have a tree.

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::{Document, Node, set};

const SCENE: &str = r##"#![type = "Scene"]
// comment µ
(
    title: "Original", dt: 0.5, letter: 'x', bytes: b"x", span: 0..=10,
    groups: {
        "excitatory": (size: (25, 32), tags: ["neurons"], behaviours: [
            Izhikevich(a: 0.02, v: "uniform(0, -65) * \"\u{e9}\""), Quiet, Some(x: 1),
        ]),
    },
    extra: Some(1e-3), range: r#"raw "x""#, off: None, nested: /* /* nested */ */ -5_000,
)"##;

const PIECES: [&str; 44] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "..",
    "..=",
    "=",
    "\"",
    "'",
    "\\",
    "/*",
    "*/",
    "//",
    "\n",
    "\r\n",
    " ",
    "#",
    "#![enable(implicit_some)]",
    "r#",
    "r#\"",
    "b\"",
    "b'",
    "-",
    "+",
    "0x",
    "1",
    "9e9",
    "_",
    "Some",
    "None",
    "true",
    "inf",
    "NaN",
    "a",
    "a: 1,",
    "Foo(",
    "é",
    "\u{2028}",
    "\"k\": 1,",
];

fn is_inside(child: &Node, parent: &Node) -> bool {
    parent.span.start <= child.span.start && child.span.end <= parent.span.end
}

fn check_tree(document: &Document, node: &Node) {
    assert!(!document.slice(&node.span).is_empty());
    for child in node.children() {
        assert!(is_inside(child, node));
        check_tree(document, child);
    }
}

/// The judge without our options, except for the one that our judge has too.
fn accepted_by_ron(text: &str) -> bool {
    let extensions = ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES;
    ron::Options::default().with_default_extension(extensions).from_str::<IgnoredAny>(text).is_ok()
}

/// With `implicit_some` switched on in the text itself, `ron` takes `Some 5`; we do not.
fn is_exempt(text: &str) -> bool {
    text.contains("implicit_some")
}

fn examine(text: &str) {
    match Document::parse("t", text) {
        Ok(document) => {
            assert!(accepted_by_ron(text));
            check_tree(&document, document.root());
        }
        Err(errors) => {
            let shown = errors.to_string();
            let ours = shown.contains("is given twice") || is_exempt(text);
            assert!(ours || !accepted_by_ron(text), "{text:?}\n{shown}");
        }
    }
}

fn mutated() -> impl Strategy<Value = String> {
    let edit = (0..=SCENE.len(), 0..6usize, 0..PIECES.len());
    prop::collection::vec(edit, 1..5).prop_map(|edits| {
        edits.into_iter().fold(SCENE.to_owned(), |text, (at, cut, piece)| {
            let start = text.floor_char_boundary(at);
            let end = text.ceil_char_boundary((start + cut).min(text.len()));
            [&text[..start], PIECES[piece], &text[end..]].concat()
        })
    })
}

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12).prop_map(|all| all.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_examined_without_panic(text in any::<String>()) {
        examine(&text);
    }

    #[test]
    fn any_pieces_are_examined_without_panic(text in pieces()) {
        examine(&text);
    }

    #[test]
    fn any_mutated_scene_is_examined_without_panic(text in mutated()) {
        examine(&text);
    }

    #[test]
    fn any_assignment_ends_in_a_document_or_an_error(path in pieces(), value in pieces()) {
        let scene = Document::parse("t", SCENE).unwrap();
        let paths = ["title", "dt", "groups.excitatory", "groups.excitatory.Quiet.x", "new", &path];
        for path in paths {
            if let Ok(changed) = set(&scene, &format!("{path}={value}")) {
                check_tree(&changed, changed.root());
            }
        }
        let _ = set(&scene, &path);
    }

    #[test]
    fn whatever_is_set_is_found(key in "[ -~é]{1,8}", value in any::<i32>()) {
        let scene = Document::parse("t", SCENE).unwrap();
        let path = format!("groups.{key:?}");
        let changed = set(&scene, &format!("{path}={value}")).unwrap();
        let found = changed.find(&path).map(|node| changed.slice(&node.span).to_owned());
        prop_assert_eq!(found, Some(value.to_string()));
    }
}

#[test]
fn deep_nesting_is_an_error_at_the_bracket_too_many() {
    for (open, close) in [("[", "]"), ("(", ")"), ("Some(", ")"), ("(a:", ")"), ("{1:", "}")] {
        let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(Document::parse("t", nested(64)).is_ok(), "{open}");
        let errors = Document::parse("t", nested(65)).unwrap_err();
        let error = errors.iter().next().unwrap();
        assert_eq!(&*error.message, "values are nested more than 64 deep");
        let place = error.span.clone().unwrap().start;
        let bracket = open.find(['(', '[', '{']).unwrap();
        assert_eq!(place, 64 * open.len() + bracket, "{open}");
        for endless in [nested(100_000), open.repeat(100_000)] {
            let error = Document::parse("t", endless).unwrap_err().to_string();
            assert!(error.contains("nested more than 64 deep"), "{open}");
        }
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(Document::parse("t", "\u{feff}(a: 1)").unwrap().text(), "(a: 1)");
    assert!(Document::parse("t", "\u{feff}\u{feff}1").is_err());
}

#[test]
fn broken_texts_are_errors() {
    let texts = [
        "",
        " ",
        "// only",
        "/* only */",
        "/*",
        "/",
        "#",
        "#![",
        "#![enable(x)]",
        "\"",
        "\"\\",
        "\"\\q\"",
        "\"\\u{110000}\"",
        "\"\\u{}\"",
        "'",
        "''",
        "'ab'",
        "r#\"",
        "r##",
        "b'",
        "b\"",
        "(",
        ")",
        "[1",
        "{1",
        "{1:",
        "(a",
        "(a:",
        "(a: 1",
        "(a: 1, 2)",
        "(1, a: 2)",
        "1 2",
        "--1",
        "1e",
        "0x",
        "1._0",
        "Foo(",
        "Some",
        "\0",
    ];
    for text in texts {
        let errors = Document::parse("t", text).unwrap_err();
        assert_eq!(errors.len(), 1, "{text:?}");
        assert!(errors.to_string().starts_with("error: "), "{text:?}");
    }
}

#[test]
fn long_texts_take_linear_time() {
    for piece in ["0.125, ", "(), ", "\"text\", ", "Foo(a: 'b'), ", "// c\n", "Some(1), "] {
        let text = format!("[{}]", piece.repeat(300_000 / piece.len()));
        assert!(Document::parse("t", text).is_ok(), "{piece}");
    }
    let unclosed = format!("[{}", "(), 'a', \"b\", ".repeat(20_000));
    assert!(Document::parse("t", unclosed).is_err());
}
