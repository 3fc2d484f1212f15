//! An author's afternoon: a model, one of two compartments, a receptor, a rule of plasticity, a connectivity rule and a recorder, each in a crate of its own
//! and with its test.

mod bcm;
mod field_potential;
mod morris_lecar;
mod saturating_nmda;
mod small_world;
mod two_compartments;
