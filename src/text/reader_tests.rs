//! What the reader makes of each kind of value, and where it says that it stands.

use super::{Document, Kind};

/// What stands at each path, by kind: the text and the positions must agree with the source.
const SCENE: &str = r##"// comment
(
    title: "Original", // µ
    dt: 0.5,
    groups: {
        "excitatory": (size: (25, 32), tags: ["neurons"], behaviours: [
            Izhikevich(a: 0.02, v: "uniform(0, -65) * uniform(0, 1)"),
            Quiet,
        ]),
    },
    synapses: [(from: "excitatory", to: "neurons", connectivity: AllToAll(autapses: true))],
    extra: Some(1e-3), range: r#"raw "x""#, off: None, nested: /* /* nested */ */ -5_000,
)
"##;

fn kind(text: &str) -> Kind {
    Document::parse("t", text).unwrap().root().kind.clone()
}

#[test]
fn the_scene_reads_with_exact_spans() {
    let scene = Document::parse("t", SCENE).unwrap();
    let expected = [
        ("title", "\"Original\""),
        ("dt", "0.5"),
        ("groups.excitatory.size", "(25, 32)"),
        ("groups.excitatory.size.1", "32"),
        ("groups.excitatory.tags", "[\"neurons\"]"),
        ("groups.excitatory.behaviours.0.a", "0.02"),
        ("groups.excitatory.behaviours.1", "Quiet"),
        ("synapses.0.connectivity", "AllToAll(autapses: true)"),
        ("extra", "Some(1e-3)"),
        ("range", "r#\"raw \"x\"\"#"),
        ("off", "None"),
        ("nested", "-5_000"),
    ];
    for (path, written) in expected {
        let found = scene.find(path).map(|node| scene.slice(&node.span));
        assert_eq!(found, Some(written), "{path}");
    }
    assert!(scene.slice(&scene.root().span).starts_with("(\n    title"));
    assert!(scene.slice(&scene.root().span).ends_with("-5_000,\n)"));
    let connectivity = scene.find("synapses.0.connectivity").unwrap();
    assert_eq!(scene.slice(&connectivity.name_span()), "AllToAll");
    let names: Vec<_> = scene.root().fields().iter().map(|field| &field.name).collect();
    assert!(names.iter().all(|name| scene.slice(&name.span) == name.text));
    assert_eq!(names.len(), 8);
}

#[test]
fn numbers_keep_their_value() {
    for (text, value) in [
        ("0.5", 0.5),
        ("-5_000", -5000.0),
        ("1e-3", 1e-3),
        ("+.5", 0.5),
        ("0xFF", 255.0),
        ("-0b11", -3.0),
        ("7u8", 7.0),
        ("1.5f32", 1.5),
        ("b'a'", 97.0),
        ("inf", f64::INFINITY),
        ("-inf", f64::NEG_INFINITY),
        ("1e999", f64::INFINITY),
        ("18446744073709551615", 18446744073709551615.0),
        ("99999999999999999999999", 1e23),
    ] {
        assert_eq!(kind(text), Kind::Number(value), "{text}");
    }
    assert!(matches!(kind("NaN"), Kind::Number(value) if value.is_nan()));
    for range in ["0..10", "0..=9", "..5", "..=5", "3..", "..", "inf..=inf", "-1.5..2.5"] {
        assert_eq!(kind(range), Kind::Range, "{range}");
    }
}

#[test]
fn leaves_are_resolved() {
    let text = |text: &str| Kind::Text(text.to_owned());
    assert_eq!(kind(r#""a\n\u{e9}\x41\\""#), text("a\néA\\"));
    assert_eq!(kind("r\"a\\n\""), text("a\\n"));
    assert_eq!(kind("r##\"a\"#b\"##"), text("a\"#b"));
    assert_eq!(kind("'\\''"), Kind::Char('\''));
    assert_eq!(kind("'µ'"), Kind::Char('µ'));
    assert_eq!(kind("br#\"x\"#"), Kind::Bytes);
    assert_eq!(kind("true"), Kind::Bool(true));
    assert_eq!(kind("r#true"), Kind::Name("true".to_owned()));
    assert_eq!(kind("trué"), Kind::Name("trué".to_owned()));
    assert_eq!(kind("informal"), Kind::Name("informal".to_owned()));
    assert_eq!(kind("#![type = \"Scene\"] #![enable(implicit_some)] None"), Kind::Name("None".to_owned()));
}

#[test]
fn parentheses_are_told_apart_by_what_they_hold() {
    let shape = |text: &str| match kind(text) {
        Kind::Unit => "unit".to_owned(),
        Kind::Struct { name, fields } => {
            format!("{}{{{}}}", name.map_or(String::new(), |name| name.text), fields.len())
        }
        Kind::Tuple { name, items } => {
            format!("{}<{}>", name.map_or(String::new(), |name| name.text), items.len())
        }
        other => format!("{other:?}"),
    };
    assert_eq!(shape("( /* none */ )"), "unit");
    assert_eq!(shape("Foo()"), "Foo{0}");
    assert_eq!(shape("Foo /* c */ (a /* c */ : 1,)"), "Foo{1}");
    assert_eq!(shape("(r#a: 1, b: 2)"), "{2}");
    assert_eq!(shape("(a, b)"), "<2>");
    assert_eq!(shape("(A(b: 1),)"), "<1>");
    assert_eq!(shape("Some(a: 1)"), "Some{1}");
    assert_eq!(shape("Some(1, 2)"), "Some<2>");
    assert_eq!(shape("Some(r\"a:\")"), "Some<1>");
}

#[test]
fn everything_given_twice_is_reported_at_once() {
    let text = "(a: 1, m: {\"k\": 1, 2: 3, r\"k\": 2}, l: [(b: 1, r#b: 2)], a: 2, a: 3)";
    let errors = Document::parse("t", text).unwrap_err();
    let places: Vec<_> =
        errors.iter().map(|error| (&text[error.span.clone().unwrap()], error.others[0].0.clone())).collect();
    assert_eq!(places, [("r\"k\"", 11..14), ("r#b", 40..41), ("a", 1..2), ("a", 1..2)]);
}
