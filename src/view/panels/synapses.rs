//! The synapses of the selected neuron: from and to each group as receptive fields, and the strongest partners.

use std::collections::HashMap;

use egui::{ScrollArea, Ui};

use super::{
    super::{
        Seen,
        colours::{diverging, scaled},
    },
    Selected,
    canvas::{Canvas, grid},
    label,
};
use crate::live::{Partner, SynapseOutline};

/// Partners that are listed.
const LISTED: usize = 12;

/// Receptive fields.
#[derive(Default)]
pub struct Synapses {
    canvases: HashMap<(u32, bool), Canvas>,
}

impl Synapses {
    /// Shows them; the partner that was clicked.
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, selected: Selected) -> Option<Selected> {
        let Some(partners) = seen.partners.as_ref().filter(|partners| partners.of == selected) else {
            ui.label(if seen.outline.recorded { "what was recorded says nothing of single synapses" } else { "…" });
            return None;
        };
        let mut clicked = None;
        ScrollArea::both().show(ui, |ui| {
            ui.horizontal_top(|ui| {
                for (all, afferent) in [(&partners.afferent, true), (&partners.efferent, false)] {
                    for (place, group) in (0..).zip(&seen.outline.synapses) {
                        let own: Vec<&Partner> = all.iter().filter(|partner| partner.synapses == place).collect();
                        if !own.is_empty() {
                            ui.vertical(|ui| {
                                ui.set_min_width(160.0);
                                clicked = self.group(ui, seen, (place, afferent), group, &own).or(clicked);
                            });
                        }
                    }
                }
                if partners.afferent.is_empty() && partners.efferent.is_empty() {
                    ui.label("it has no synapses");
                }
            });
        });
        clicked
    }

    fn group(
        &mut self,
        ui: &mut Ui,
        seen: &Seen,
        (place, afferent): (u32, bool),
        synapses: &SynapseOutline,
        own: &[&Partner],
    ) -> Option<Selected> {
        let other = if afferent { synapses.source } else { synapses.target };
        let outline = seen.outline.groups.get(other as usize)?;
        let sum: f32 = own.iter().map(|partner| partner.weight).sum();
        ui.strong(if afferent { format!("from {}", outline.name) } else { format!("to {}", outline.name) });
        ui.small(format!("{}: {} synapses, mean {:.3}", synapses.name, own.len(), sum / own.len() as f32));
        let neurons = seen.place(other)[1];
        let mut values = vec![f32::NAN; neurons];
        for partner in own {
            if let Some(value) = values.get_mut(partner.neuron as usize) {
                *value = if value.is_nan() { partner.weight } else { *value + partner.weight };
            }
        }
        let (mut pixels, [least, most]) = scaled(&values);
        let both_signs = least < 0.0 && most > 0.0;
        if both_signs {
            let scale = most.max(-least);
            pixels = values.iter().map(|value| diverging(value / scale)).collect();
        }
        let canvas = self.canvases.entry((place, afferent)).or_default();
        let response = canvas.show(ui, &synapses.name, grid(outline.shape), pixels, 150.0);
        label(&response, format!("weights of {}, {least:.3} to {most:.3}", synapses.name));
        ui.small(format!("{least:.3} to {most:.3}"));
        let neuron = |at| canvas.cell(&response, at).filter(|neuron| *neuron < neurons);
        if let Some(under) = neuron(response.hover_pos()) {
            let told = format!("{}[{under}]: {:.4}", outline.name, values[under]);
            response.clone().on_hover_text_at_pointer(told);
        }
        let mut clicked =
            neuron(response.interact_pointer_pos().filter(|_| response.clicked())).map(|under| under as u32);
        let mut strongest: Vec<&&Partner> = own.iter().collect();
        strongest.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        for partner in strongest.into_iter().take(LISTED) {
            let row = format!("{}[{}]  {:.4}", outline.name, partner.neuron, partner.weight);
            if ui.selectable_label(false, row).on_hover_text("select it").clicked() {
                clicked = Some(partner.neuron);
            }
        }
        clicked.map(|neuron| (other, neuron))
    }
}
