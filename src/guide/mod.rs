//! The guide: what there is to say beyond the first page, for those who write scenes, embed networks or write models.
//!
//! Each page is a Markdown file of this folder. Its pictures are named at its end by their place in the repository; here they are
//! named first, as seen from where rustdoc puts the page.
#![forbid(unsafe_code)]

#[doc = "[microcircuit]: ../../../../../scenes/microcircuit.png"]
#[doc = "[interneurons]: ../../../../../scenes/interneurons.png"]
#[doc = "[wang_2002]: ../../../../../scenes/wang_2002.png"]
#[doc = "[excitability]: ../../../../../scenes/excitability.png"]
#[doc = "[calcium_window]: ../../../../../scenes/calcium_window.png"]
#[doc = "[song_2000]: ../../../../../scenes/song_2000.png"]
#[doc = "[pairing_protocol]: ../../../../../scenes/pairing_protocol.png"]
#[doc = "[pattern_learning]: ../../../../../scenes/pattern_learning.png"]
#[doc = "[patterns]: ../../../../../scenes/patterns.png"]
#[doc = ""]
#[doc = include_str!("networks.md")]
pub mod networks {}

#[doc = include_str!("scenes.md")]
pub mod scenes {}

#[doc = include_str!("equations.md")]
pub mod equations {}

#[doc = include_str!("recordings.md")]
pub mod recordings {}

#[doc = include_str!("runs.md")]
pub mod runs {}

#[doc = include_str!("clusters.md")]
pub mod clusters {}

#[doc = "[window]: ../../../../../scenes/window.png"]
#[doc = ""]
#[doc = include_str!("window.md")]
pub mod window {}

#[doc = include_str!("bevy.md")]
pub mod bevy {}

#[doc = include_str!("author.md")]
pub mod author {}

#[doc = include_str!("../README.md")]
pub mod map {}
