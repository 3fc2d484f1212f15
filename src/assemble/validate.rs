//! What can be said of a scene as a whole before anything exists: the step, sizes, names.

use std::collections::BTreeMap;

use crate::{
    numeric::real::{real, wide},
    scene::{RasterPlot, Scene, Spans},
    text::{Diagnostic, Span},
};

/// Neurons in a group: their indices are 32-bit numbers.
const MOST_NEURONS: usize = u32::MAX as usize;

/// The faults of a scene's numbers and names.
pub(super) fn validate(scene: &Scene) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    // As the kernels will have it: 1e300 is no number of 32 bits, and 1e-300 is zero.
    let dt = wide(real(scene.dt));
    if !(dt.is_finite() && dt > 0.0) {
        let message = format!("dt must be finite and above zero, not {:?}", scene.dt);
        faults.push(Diagnostic::error(message).at_place(scene.spans.get("dt")));
    }
    if scene.groups.is_empty() {
        let fault =
            Diagnostic::error("a scene needs at least one neuron group").note("`groups: {\"cells\": (size: 100)}`");
        faults.push(fault.at_place(scene.spans.near("groups")));
    }
    let mut names = Names::default();
    for group in &scene.groups {
        let span = group.spans.get("");
        names.add(&group.name, "the group", span, &mut faults);
        if group.shape.size() == 0 || group.shape.size() > MOST_NEURONS {
            let message = format!("`{}`: a group has 1 to {MOST_NEURONS} neurons", group.name);
            faults.push(Diagnostic::error(message).at_place(group.spans.get("size")));
        }
        let mut receptors = Names::default();
        for (name, _) in &group.receptors {
            let span = group.spans.get(&Spans::name_of("receptors", name));
            match name.split_once('.') {
                None => receptors.add(name, "the receptor", span, &mut faults),
                // At a compartment, where another one may have its name.
                Some((_, own)) => Names::default().add(own, "the receptor", span, &mut faults),
            }
        }
        check_tags(&group.tags, group.spans.get("tags"), &mut faults);
        for (name, _) in group.draws.iter().filter(|(name, _)| !is_word(name)) {
            let fault = Diagnostic::error(format!("`{name}` is no name for a draw")).note(WORD);
            faults.push(fault.at_place(group.spans.get(&Spans::name_of("draws", name))));
        }
    }
    for synapses in &scene.synapses {
        if let Some(name) = &synapses.name {
            names.add(name, "the synapse group", synapses.spans.get("name"), &mut faults);
        }
        check_tags(&synapses.tags, synapses.spans.get("tags"), &mut faults);
    }
    check_raster(scene, &mut faults);
    faults
}

/// What is said of pictures, before a run has spent hours for them.
fn check_raster(scene: &Scene, faults: &mut Vec<Diagnostic>) {
    let words: Vec<&str> =
        scene.groups.iter().flat_map(|group| group.tags.iter().chain([&group.name])).map(String::as_str).collect();
    for (field, message, note) in scene.plots.raster.faults(&words) {
        let fault = Diagnostic::error(message).at_place(scene.spans.get(&RasterPlot::span_of(field)));
        faults.push(if note.is_empty() { fault } else { fault.note(note) });
    }
}

fn check_tags(tags: &[String], span: Option<Span>, faults: &mut Vec<Diagnostic>) {
    for tag in tags.iter().filter(|tag| !is_name(tag)) {
        faults.push(Diagnostic::error(format!("`{tag}` is no tag")).note(form(tag)).at_place(span.clone()));
    }
}

const FORM: &str = "names and tags consist of letters, digits, `_` and `-`: they stand in addresses and file names";

/// Why a word is no name.
fn form(word: &str) -> &'static str {
    if is_reserved(word) {
        "no file can be called so on Windows, and names stand in file names"
    } else if word.len() > LONGEST_NAME {
        "names and tags have 100 bytes at most: they stand in file names"
    } else {
        FORM
    }
}

const WORD: &str = "expressions use it by name: letters, digits and `_`, with a letter first";

/// What an expression reads as a name.
fn is_word(word: &str) -> bool {
    let begins = |c: char| c.is_alphabetic() || c == '_';
    word.starts_with(begins) && word.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Letters, digits, `_` and `-`: fit for addresses and for file names on every system.
fn is_name(word: &str) -> bool {
    let reserved = RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved));
    !reserved
        && !word.is_empty()
        && word.len() <= 100
        && word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// The longest name or tag (bytes): two of them and more make the name of a file, which has 255.
const LONGEST_NAME: usize = 100;

/// What no file can be called on Windows, whatever follows a point.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved))
}

/// Names that must differ.
#[derive(Default)]
struct Names<'a>(BTreeMap<&'a str, Option<Span>>);

impl<'a> Names<'a> {
    fn add(&mut self, name: &'a str, what: &str, span: Option<Span>, faults: &mut Vec<Diagnostic>) {
        if !is_name(name) || is_reserved(name) {
            faults.push(
                Diagnostic::error(format!("`{name}` is no name for {what}")).note(form(name)).at_place(span.clone()),
            );
        }
        if let Some(first) = self.0.get(name) {
            let twice = Diagnostic::error(format!("{what} `{name}` has a name that is taken")).at_place(span);
            faults.push(match first {
                Some(first) => twice.also(first.clone(), "taken here"),
                None => twice,
            });
        } else {
            self.0.insert(name, span);
        }
    }
}
