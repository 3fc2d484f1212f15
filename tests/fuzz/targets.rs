//! What is searched for inputs that it does not stand: the text of a scene, what is set in it, values, addresses, and the files
//! that a scene may name. A reader of another kind of file is one function and one line of [`TARGETS`].

use std::{fs, path::PathBuf};

use crate::{archives, checkpoints, lists};
use cortecs::{
    assemble::{Plan, build, check},
    network::{Address, Failures, failure::Failure},
    npy,
    prelude::*,
    scene::{Scene, read, set},
    schedule::run_ticks,
    text::Document,
    value::{Batch, Expression, Functions, Scope},
};

/// Something that is searched.
pub struct Target {
    pub name: &'static str,
    /// Examines an input, and says whether it was accepted.
    pub examine: fn(&mut Room, &[u8]) -> bool,
    /// What stands in inputs, to be put elsewhere.
    pub pieces: &'static [&'static [u8]],
    /// A folder of the crate with more inputs.
    pub more: Option<&'static str>,
    /// Inputs that are made rather than kept.
    pub made: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 13] = [
    Target { name: "scene", examine: scene, pieces: TEXT, more: Some("scenes"), made: Vec::new },
    Target { name: "value", examine: value, pieces: VALUE, more: None, made: Vec::new },
    Target { name: "equations", examine: equations, pieces: EQUATIONS, more: None, made: Vec::new },
    Target { name: "rule", examine: rule, pieces: EQUATIONS, more: None, made: Vec::new },
    Target { name: "set", examine: setting, pieces: TEXT, more: None, made: Vec::new },
    Target { name: "address", examine: address, pieces: &[b".", b" ", b"a", b"\0"], more: None, made: Vec::new },
    Target { name: "npy", examine: npy_file, pieces: NPY, more: None, made: Vec::new },
    Target { name: "npz", examine: npz_file, pieces: NPY, more: None, made: Vec::new },
    Target {
        name: "png",
        examine: png_file,
        pieces: &[b"IHDR", b"IDAT", b"IEND", b"PLTE", b"tRNS", b"zTXt", b"acTL"],
        more: None,
        made: Vec::new,
    },
    Target {
        name: "csv",
        examine: csv_file,
        pieces: &[b",", b"\n", b"\"", b"1e999", b"-1", b"NaN", b"\xff", b"#"],
        more: None,
        made: Vec::new,
    },
    Target { name: "sparse", examine: sparse, pieces: &[b"\0\0", b"\x01"], more: None, made: archives::seeds },
    Target { name: "list", examine: list, pieces: &[b"\0\0", b"\x01"], more: None, made: lists::seeds },
    Target {
        name: "checkpoint",
        examine: checkpoints::examine,
        pieces: &[b"cortecs\x1a", b"\xff\xff\xff\xff\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\0", b"\0\0\xc0\x7f"],
        more: None,
        made: checkpoints::seeds,
    },
];

const TEXT: &[&[u8]] = &[
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"\"",
    b"'",
    b"\\",
    b"/*",
    b"*/",
    b"//",
    b"\n",
    b"r#\"",
    b"\"#",
    b"=",
    b".",
    b"..",
    b"-",
    b"1e999",
    b"NaN",
    b"18446744073709551616",
    b"1e-300",
    b"\"0/0\"",
    b"None",
    b"Some(",
    b"\0",
    b"\xff",
    b"\xc3\xa9",
    b"\xef\xbb\xbf",
    b"true",
    b"0",
    b"-1",
    b"size: ",
    b"like: ",
    b"\"a\"",
    b"#![enable(implicit_some)]",
    b"\"uniform(0, 1)\"",
    b"\"../../etc/passwd\"",
];

const VALUE: &[&[u8]] = &[
    b"(",
    b")",
    b"+",
    b"-",
    b"*",
    b"/",
    b"^",
    b"<",
    b">",
    b"<=",
    b",",
    b"'",
    b"1e999",
    b"1e-300",
    b"uniform(",
    b"normal(0, 1)",
    b"array(",
    b"i",
    b"x",
    b"pi",
    b"exp(",
    b"_",
    b".",
    b"\xc3\xa9",
    b" ",
    b"9",
    b"e",
    b"min(",
    b"distance",
];

const EQUATIONS: &[&[u8]] = &[
    b"\n%\n",
    b"\n",
    b";",
    b"#",
    b"(",
    b")",
    b"dv/dt = ",
    b"dw/dt = ",
    b"x' = ",
    b"a = ",
    b" += ",
    b"*v",
    b"/w",
    b" - x",
    b"^2",
    b"^-64",
    b"^0.5",
    b"exp(",
    b"exprel(",
    b"if(v > 0, ",
    b"timed('a.npy', 1)",
    b"rand()",
    b"xi",
    b"xi_2",
    b"input",
    b"conductance",
    b"shift",
    b" : held",
    b" : once",
    b" : pre",
    b" : post",
    b" : synapse",
    b", bounds 0 1",
    b"efficacy = ",
    b"v_post",
    b"not ",
    b" and ",
    b" == ",
    b"1e999",
    b"0",
    b"\xc3\xa9",
];

const NPY: &[&[u8]] = &[
    b"(",
    b")",
    b",",
    b"'",
    b"L",
    b"True",
    b"|O",
    b"|S9",
    b"<f8",
    b">i2",
    b"|b1",
    b"18446744073709551615",
    b"0",
    b"-1",
    b"\x93NUMPY",
    b"\x02\x00",
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"'shape': ",
    b"'descr': ",
    b"{",
    b"}",
    b"[('a', '<f4')]",
];

/// A network is built and runs if it is no larger than this.
const MOST_MEMORY: u64 = 2 << 20;

/// Where inputs are examined: a world with all behaviours, and a folder for files.
pub struct Room {
    bench: Bench,
    folder: tempfile::TempDir,
}

impl Room {
    pub fn new() -> Self {
        Self { bench: Bench::new(), folder: tempfile::tempdir().expect("a folder for files") }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("a file");
        path
    }

    /// Checks a scene, and builds and runs what is small.
    fn scene(&mut self, document: Document, folder: PathBuf) -> bool {
        let world = self.bench.world_mut();
        let Ok(scene) = read(world, document) else { return false };
        let scene = Scene { folder: Some(folder), ..scene };
        let Ok(plan) = check(world, &scene) else { return false };
        if is_small(&plan)
            && let Ok(network) = build(world, &scene)
        {
            run_ticks(world, scene.iterations.min(3));
            let failures: Vec<Failure> = world.resource_mut::<Failures>().take();
            assert!(failures.iter().all(|failure| !failure.to_string().is_empty()));
            network.despawn(world);
        }
        true
    }
}

fn is_small(plan: &Plan) -> bool {
    plan.memory < MOST_MEMORY && plan.synapses.len() < 100 && plan.recordings.len() < 100
}

fn scene(room: &mut Room, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    match Document::parse("scene.ron", text.as_ref()) {
        Ok(document) => room.scene(document, crate::corpus::folder("files")),
        Err(errors) => {
            assert!(errors.render(true).len() < 100_000, "a message that nobody reads");
            false
        }
    }
}

/// Parts between lines of `%`: equations, the condition of a spike, reset, arrivals, that of being refractory, what a receptor of the same
/// text gives; behind them how they are integrated.
fn equations(room: &mut Room, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.split("\n%\n");
    let mut part = || parts.next().unwrap_or_default();
    let (model, spike, reset, arrive, refractory, given) = (part(), part(), part(), part(), part(), part());
    let methods = ["Auto", "Euler", "Heun", "RungeKutta4", "ExponentialEuler", "Exact", "Implicit", "Milstein"];
    let [method, steps, when] =
        [methods[input.len() % 8], ["1", "2", "900"][input.len() % 3], ["While", "Becomes"][input.len() % 2]];
    let scene = format!(
        "(dt: 0.5, groups: {{\"a\": (size: 3, behaviours: [Equations(model: {model:?}, spike: {spike:?}, reset: {reset:?},
            arrive: {arrive:?}, parameters: {{\"p\": 2, \"q\": \"1 + i\"}}, arrivals: {{\"in\": \"S\"}}, sums: {{\"sum\": (of: \"v\", over: \"S\")}},
            method: {method}, steps: {steps}, when: {when}, refractory: \"0.5 * i\", refractory_while: {refractory:?},
            units: {{\"p\": \"mV\"}})],
            receptors: {{\"r\": CurrentReceptor(afferent: \"S\")}})}},
        synapses: [(from: \"a\", to: \"a\", tags: [\"S\"], connectivity: AllToAll())])"
    );
    let receptor = format!(
        "(dt: 0.5, groups: {{\"a\": (size: 3, behaviours: [Lif(), SineCurrent(offset: 2000)], receptors: {{\"r\": EquationsReceptor(
            afferent: \"S\", model: {model:?}, arrive: {arrive:?}, current: {given:?}, method: {method}, parameters: {{\"p\": 2}})}})}},
        synapses: [(from: \"a\", to: \"a\", tags: [\"S\"], connectivity: AllToAll())])"
    );
    scene_of(room, &scene) | scene_of(room, &receptor)
}

/// Parts between lines of `%`: equations, what spikes of sources and of targets do.
fn rule(room: &mut Room, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.split("\n%\n");
    let mut part = || parts.next().unwrap_or_default();
    let (model, on_pre, on_post) = (part(), part(), part());
    let every = ["", ", every: 1", ", every: 0.5, method: Heun"][input.len() % 3];
    let scene = format!(
        "(dt: 0.5, groups: {{\"a\": (size: 3, behaviours: [Lif(), SineCurrent(offset: 2000)], receptors: {{\"r\": CurrentReceptor(afferent: \"S\")}})}},
        synapses: [(from: \"a\", to: \"a\", tags: [\"S\"], connectivity: AllToAll(), weights: 0.5, behaviours: [
            Rule(model: {model:?}, on_pre: {on_pre:?}, on_post: {on_post:?}, parameters: {{\"p\": 2}}{every})])])"
    );
    scene_of(room, &scene)
}

/// A scene whose strings are escaped as Rust does, which RON reads.
fn scene_of(room: &mut Room, text: &str) -> bool {
    match Document::parse("scene.ron", text) {
        Ok(document) => room.scene(document, crate::corpus::folder("files")),
        Err(_) => false,
    }
}

/// Lines are settings, one after another.
fn setting(room: &mut Room, input: &[u8]) -> bool {
    const SCENE: &str = r#"(dt: 0.5, title: "t", definitions: {"cell": (behaviours: [Lif(tau: 20)])},
        groups: {"a": (like: "cell", size: (5, 2), tags: ["T"])}, synapses: [(name: "s", from: "a", to: "a", connectivity: OneToOne())])"#;
    let text = String::from_utf8_lossy(input);
    let mut document = Document::parse("scene.ron", SCENE).expect("a scene");
    let mut accepted = false;
    for line in text.lines().take(5) {
        if let Ok(changed) = set(&document, line) {
            (document, accepted) = (changed, true);
        }
    }
    accepted && room.scene(document, crate::corpus::folder("files"))
}

fn value(_: &mut Room, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let Ok(expression) = Expression::parse(&text) else { return false };
    let functions = Functions::default();
    expression.evaluate(&Scope::bare(&[5], 1, &["fuzz"], &functions), Batch::Range(1, 4)).is_ok()
}

fn address(room: &mut Room, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let Ok(address) = text.parse::<Address>() else { return false };
    // What is printed is read as the same.
    assert_eq!(address.to_string().parse::<Address>().as_ref(), Ok(&address));
    let world = room.bench.world_mut();
    let group = world.spawn((Name::new("a"), NeuronGroup::new(3), Tags::new(&["T"]))).id();
    let found = address.entities(world, None).is_ok();
    world.despawn(group);
    found
}

fn npy_file(room: &mut Room, input: &[u8]) -> bool {
    let path = room.file("input.npy", input);
    let whole = npy::load(&path);
    if let Ok(mut reader) = npy::Reader::open(&path) {
        let mut rows = Vec::new();
        let read = reader.read_rows(3, &mut rows);
        let last = reader.rows().saturating_sub(1);
        let sought = reader.seek_row(last).and_then(|()| reader.read_rows(1, &mut rows));
        assert_eq!(read.is_ok() && sought.is_ok(), whole.is_ok(), "row by row as at once");
    }
    whole.is_ok_and(|array| array.shape.iter().product::<usize>() == array.data.len())
}

fn npz_file(room: &mut Room, input: &[u8]) -> bool {
    let path = room.file("input.npz", input);
    npy::load_from_npz(&path, "a").is_ok()
}

/// A picture for a group that is as large as it says, as far as that is a group.
fn png_file(room: &mut Room, input: &[u8]) -> bool {
    room.file("input.png", input);
    let side = |at: usize| {
        input.get(at..at + 4).map_or(1, |bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).max(1))
    };
    let size = format!("({}, {})", side(16), side(20));
    let text = format!(r#"(groups: {{"a": (size: {size}, behaviours: [RateUnit(), ImageInput(file: "input.png")])}})"#);
    let folder = room.folder.path().to_owned();
    room.scene(Document::parse("scene.ron", text).expect("a scene"), folder)
}

fn csv_file(room: &mut Room, input: &[u8]) -> bool {
    const SCENE: &str = r#"(groups: {"a": (size: 10, behaviours: [SpikeSource(file: "input.csv")]), "b": (size: 10, behaviours: [Lif()])},
        synapses: [(from: "b", to: "b", connectivity: EdgeList(file: "input.csv"))])"#;
    room.file("input.csv", input);
    let folder = room.folder.path().to_owned();
    // Both read it; that one refuses it does not keep the other from it.
    room.scene(Document::parse("scene.ron", SCENE).expect("a scene"), folder)
}

/// A list of synapses is read if it is one, and refused if it is none.
fn list(room: &mut Room, input: &[u8]) -> bool {
    const SCENE: &str = r#"(dt: 1, groups: {"a": (size: 3, behaviours: [Lif()]), "b": (size: 4, behaviours: [Lif()])},
        synapses: [(from: "a", to: "b", connectivity: EdgeList(file: "list.csv"))])"#;
    let folder = room.folder.path().to_owned();
    let is_sound = lists::write(input, &folder.join("list.csv"));
    let accepted = room.scene(Document::parse("scene.ron", SCENE).expect("a scene"), folder);
    assert_eq!(accepted, is_sound, "whether a list is read, and whether it is one");
    accepted
}

/// A matrix is read if it is one, and refused if it is none.
fn sparse(room: &mut Room, input: &[u8]) -> bool {
    const SCENE: &str = r#"(groups: {"a": (size: 3, behaviours: [Lif()]), "b": (size: 4, behaviours: [Lif()])},
        synapses: [(from: "a", to: "b", connectivity: Matrix(file: "sparse.npz"))])"#;
    let folder = room.folder.path().to_owned();
    let is_sound = archives::write(input, &folder.join("sparse.npz"));
    let accepted = room.scene(Document::parse("scene.ron", SCENE).expect("a scene"), folder);
    assert_eq!(accepted, is_sound, "whether a matrix is read, and whether it is one");
    accepted
}
