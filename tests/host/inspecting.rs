//! An inspector that knows networks by reflection alone: it finds what there is, shows it and sets it.

use cortecs::{bevy_ecs::reflect::AppTypeRegistry, bevy_reflect::ReflectMut, network::Input, prelude::*};

#[test]
fn behaviours_are_found_shown_and_set() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, (Izhikevich::default(), ConstantCurrent { amplitude: 3.0.into() }));
    bench.tick();
    let types = bench.world_mut().resource::<AppTypeRegistry>().clone();
    let types = types.read();
    let world = bench.world_mut();
    let mut found = Vec::new();
    for registration in types.iter() {
        let Some(component) = registration.data::<ReflectComponent>() else { continue };
        if component.contains(world.entity(cells)) {
            found.push(registration.type_info().type_path_table().short_path());
        }
    }
    for wanted in ["NeuronGroup", "Tags", "Izhikevich", "ConstantCurrent", "V", "Input", "Spikes"] {
        assert!(found.contains(&wanted), "{wanted}: {found:?}");
    }
    let registration = types.get_with_short_type_path("ConstantCurrent").unwrap();
    let component = registration.data::<ReflectComponent>().unwrap();
    let mut current = component.reflect_mut(world.entity_mut(cells)).unwrap();
    let ReflectMut::Struct(fields) = current.reflect_mut() else { panic!("a struct") };
    fields.field_mut("amplitude").unwrap().apply(&Parameter::from("5 + i"));
    bench.tick();
    assert_eq!(bench.get(cells, "input"), [5.0, 6.0]);
    // All behaviours can be inserted by their defaults.
    let lif = types.get_with_short_type_path("Lif").unwrap();
    let default = lif.data::<ReflectDefault>().unwrap().default();
    let world = bench.world_mut();
    let other = world.spawn((Name::new("other"), NeuronGroup::new(3))).id();
    lif.data::<ReflectComponent>().unwrap().insert(&mut world.entity_mut(other), default.as_partial_reflect(), &types);
    bench.tick();
    assert_eq!(bench.get(other, "v"), [-65.0; 3]);
    assert!(bench.world_mut().get::<Input>(other).is_some());
}
