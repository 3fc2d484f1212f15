//! How the pictures of a run are drawn: what a scene says in `plots`. The network is the same without it; it is in the
//! report, where those who draw find it.

use serde::{Deserialize, Serialize};

use super::{form::form, profile::ProfilePlot, reader::Reader, spans::Spans};
use crate::text::{Kind as Form, Node};

/// How the pictures of a run are drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plots {
    /// The raster and the population rates under it.
    pub raster: RasterPlot,
    /// What a run left over other quantities: a panel each.
    pub profiles: Vec<ProfilePlot>,
}

/// What the raster shows; everything is left to those who draw it where nothing is said.
///
/// ```
/// use cortecs::{prelude::*, scene::{Plots, Scene}};
///
/// let world = App::new();
/// let text = "(groups: {\"cells\": (size: 9)}, plots: (raster: (window: (400, 600), neurons: 50)))";
/// let scene = Scene::from_text(world.world(), text).unwrap();
/// assert_eq!((scene.plots.raster.window, scene.plots.raster.neurons), (Some([400.0, 600.0]), Some(50)));
/// ```
///
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RasterPlot {
    /// From where to where (ms); otherwise the whole run. Where the run ends before the window does, as much at its end.
    pub window: Option<[f64; 2]>,
    /// How many neurons of all groups together; otherwise all. They are spread evenly over the neurons of a group, of which
    /// each has its share, in proportion to its size, and one at least. The rates are those of all neurons.
    pub neurons: Option<u64>,
    /// Bins of the population rates (ms); otherwise as wide as their spikes need. A picture has 4000 at most.
    pub bin: Option<f64>,
    /// Names or tags of groups: those of a tag have a colour in common, and those of none are grey. Otherwise each group
    /// has its own. So in all pictures of the run.
    pub colours: Vec<String>,
}

form! {
    /// How the pictures of a run are drawn.
    "plots" as PlotsForm {
        /// The raster and the population rates under it.
        raster: "raster",
        /// What a run left over other quantities, a panel each.
        profiles: "[profile]",
    }
}

form! {
    /// What the raster shows.
    "raster" as RasterForm {
        /// From where to where, in ms; otherwise the whole run.
        window: "(number, number)",
        /// How many neurons of all groups together; otherwise all.
        neurons: "whole number",
        /// Bins of the population rates, in ms; otherwise as wide as their spikes need.
        bin: "number",
        /// Names or tags of groups that have a colour each; otherwise each group has its own.
        colours: "[text]",
    }
}

impl RasterPlot {
    /// The name of a field of the raster among the spans of a scene.
    #[must_use]
    pub fn span_of(field: &str) -> String {
        format!("plots.raster.{field}")
    }

    /// What cannot be as it is, given all names and tags of groups: the field, why, and a hint, which may be empty.
    #[must_use]
    pub fn faults(&self, words: &[&str]) -> Vec<(&'static str, String, &'static str)> {
        let window = self.window.and_then(wrong_window);
        let window = window.map(|why| ("window", why, "from where to where, in ms: `(400, 600)`"));
        let none = "a raster of no neurons shows nothing";
        let none = (self.neurons == Some(0)).then(|| ("neurons", none.into(), "without `neurons` it shows all"));
        let bin = self.bin.filter(|bin| !(bin.is_finite() && *bin > 0.0));
        let bin = bin.map(|bin| ("bin", format!("a bin is finite and above zero, not {bin} ms"), ""));
        let strange = self.colours.iter().filter(|name| !words.contains(&name.as_str()));
        let strange = strange.map(|name| ("colours", format!("no group is named or tagged `{name}`"), ""));
        [window, none, bin].into_iter().flatten().chain(strange).collect()
    }
}

/// Why a window (ms) is none: it is finite, begins at 0 or later, and ends after that.
fn wrong_window([from, to]: [f64; 2]) -> Option<String> {
    match 0.0 <= from && to.is_finite() {
        true if from < to => None,
        true if from == to => Some(format!("a window from {from} to {to} ms is empty")),
        true => Some(format!("a window from {from} to {to} ms is reversed")),
        false => Some(format!("a window is finite and begins at 0 or later, not from {from} to {to} ms")),
    }
}

impl<'a> Reader<'a> {
    /// What is said of pictures. Whether it makes sense is for the build to say.
    pub fn plots(&mut self, node: Option<&'a Node>, spans: &mut Spans) -> Plots {
        let Some(node) = node else { return Plots::default() };
        let fields: PlotsForm<'a> = self.form(node, "`plots`");
        let raster = fields.raster.map(|node| self.raster(node, spans));
        let profiles = self.profiles(fields.profiles, spans);
        Plots { raster: raster.unwrap_or_default(), profiles }
    }

    fn raster(&mut self, node: &'a Node, spans: &mut Spans) -> RasterPlot {
        let fields: RasterForm<'a> = self.form(node, "`raster`");
        spans.0.extend(Spans::of(node).0.into_iter().map(|(name, span)| (RasterPlot::span_of(&name), span)));
        RasterPlot {
            window: fields.window.and_then(|node| self.window(node)),
            neurons: fields.neurons.map(|node| self.value(Some(node), 1)),
            bin: fields.bin.map(|node| self.value(Some(node), 1.0)),
            colours: self.words(fields.colours),
        }
    }

    /// `(400, 600)`.
    fn window(&mut self, node: &Node) -> Option<[f64; 2]> {
        match &node.kind {
            Form::Tuple { name: None, items } if items.len() == 2 => {
                Some([0, 1].map(|place| self.value(items.get(place), 0.0)))
            }
            _ => {
                self.expected("a window in ms, from where to where: (400, 600)", node);
                None
            }
        }
    }
}
