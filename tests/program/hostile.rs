//! Scenes and files that nobody means well, one attack after another: each is answered by an error that says why.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use cortecs::{assemble::check, prelude::*, scene::Scene, text::Diagnostics};
use flate2::{Compression, Crc, write::DeflateEncoder};

/// What a scene would build, or what is wrong with it.
fn checked(text: &str) -> Result<cortecs::assemble::Plan, String> {
    let mut bench = Bench::new();
    let scene = Scene::from_text(bench.world_mut(), text);
    scene.and_then(|scene| check(bench.world_mut(), &scene)).map_err(|faults: Diagnostics| faults.to_string())
}

/// The fault of a scene with a group `a` of Izhikevich neurons and `rest` besides.
#[track_caller]
fn fault(rest: &str) -> String {
    let text = format!("(groups: {{\"a\": (size: 10, tags: [\"t\"], behaviours: [Izhikevich()])}}, {rest})");
    checked(&text).map(|plan| plan.memory).unwrap_err()
}

/// The fault of the value of v.
#[track_caller]
fn fault_of_value(value: &str) -> String {
    let text = format!("(groups: {{\"a\": (size: 10, behaviours: [Izhikevich(v: {value})])}})");
    checked(&text).map(|plan| plan.memory).unwrap_err()
}

fn cortecs(folder: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cortecs")).args(line.split_whitespace()).current_dir(folder).output().unwrap()
}

/// What the command line complains of.
#[track_caller]
fn complaint(folder: &Path, line: &str) -> String {
    let output = cortecs(folder, line);
    assert_eq!(output.status.code(), Some(1), "{line}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn expressions_of_a_million_terms_are_refused_where_they_become_too_long() {
    for expression in [
        "1+".repeat(1_000_000),
        "-".repeat(1_000_000),
        "(".repeat(1_000_000),
        "2^".repeat(1_000_000),
        "1,".repeat(1_000_000),
    ] {
        assert!(fault_of_value(&format!("\"{expression}1\"")).contains("65536 bytes at most"));
    }
    assert!(fault_of_value("\"1e999\"").contains("not a finite number"));
}

#[test]
fn constants_that_need_one_another_are_refused() {
    assert!(fault("constants: {\"p\": \"q + 1\", \"q\": \"p + 1\"}").contains("nothing is named `q` here"));
    assert!(fault("constants: {\"p\": \"p + 1\"}").contains("nothing is named `p` here"));
}

#[test]
fn sizes_that_nothing_holds_are_refused_before_anything_is_taken() {
    for size in ["1000000000000000000", "(1000000000, 1000000000, 1000000000)", "(18446744073709551615, 2)"] {
        let text = format!("(groups: {{\"a\": (size: {size}, behaviours: [Izhikevich()])}})");
        assert!(checked(&text).unwrap_err().contains("1 to 4294967295 neurons"), "{size}");
    }
    let huge = "(groups: {\"a\": (size: 4294967295, behaviours: [Izhikevich()])})";
    let mut bench = Bench::new();
    let scene = Scene::from_text(bench.world_mut(), huge).unwrap();
    let plan = check(bench.world_mut(), &scene).unwrap();
    assert!(plan.memory > 4294967295 * 2 * size_of::<Real>() as u64);
}

#[test]
fn more_synapse_groups_than_a_network_has_are_refused() {
    let groups: String =
        (0..300).map(|i| format!("\"g{i}\": (size: 1, tags: [\"t\"], behaviours: [Izhikevich()]), ")).collect();
    let text = format!("(groups: {{{groups}}}, synapses: [(from: \"t\", to: \"t\", connectivity: OneToOne())])");
    assert!(checked(&text).unwrap_err().contains("65536 synapse groups at most"));
}

#[test]
fn more_recordings_than_a_network_has_are_refused() {
    let recorders = "SpikeRecorder(of: [\"a\"]), ".repeat(10_001);
    assert!(fault(&format!("recorders: [{recorders}]")).contains("10000 recordings at most"));
}

#[test]
fn names_that_no_file_can_have_are_refused_before_a_run() {
    for name in ["../x", "/tmp/x", "..", "", "a\\nb", "a\\0b", "CON", "lpt1", &"n".repeat(101)] {
        let text = format!("(groups: {{\"{name}\": (size: 2, behaviours: [Izhikevich()])}})");
        assert!(checked(&text).unwrap_err().contains("is no name for the group"), "{name}");
    }
    let recorder =
        |name: &str| format!("recorders: [ExpressionRecorder(of: [\"a\"], expression: \"v\", name: \"{name}\")]");
    assert!(fault(&recorder("../../evil")).contains("is no name"));
    assert!(fault(&recorder(&"n".repeat(250))).contains("too long for the name of a file"));
    let synapses = "synapses: [(from: \"t\", to: \"t\", name: \"NAME\", connectivity: OneToOne())], \
                    recorders: [WeightRecorder(of: [\"NAME\"], every: 5)]";
    assert!(fault(&synapses.replace("NAME", &"s".repeat(101))).contains("is no name for the synapse group"));
}

#[test]
fn a_hundred_thousand_mistakes_are_an_answer_within_seconds() {
    let began = Instant::now();
    let keys = checked(&format!("{{{}}}", "\"a\": 1, ".repeat(100_000))).unwrap_err();
    assert!(keys.ends_with("and 99979 more") && keys.len() < 100_000, "{}", keys.len());
    let unknown = fault(&format!("recorders: [{}]", "Nothing(), ".repeat(20_000)));
    assert!(unknown.ends_with("and 19980 more") && unknown.len() < 100_000, "{}", unknown.len());
    let long = fault(&format!("{}: 1", "x".repeat(5_000_000)));
    assert!(long.contains("has no field") && long.len() < 10_000, "{}", long.len());
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn a_table_bears_a_hundred_thousand_tags() {
    let folder = tempfile::tempdir().unwrap();
    let tags: String = (0..100_000).map(|i| format!("\"t{i}\", ")).collect();
    let text = format!("(groups: {{\"a\": (size: 1, tags: [{tags}], behaviours: [Izhikevich()])}})");
    fs::write(folder.path().join("net.ron"), text).unwrap();
    let output = cortecs(folder.path(), "check net.ron");
    assert!(output.status.success() && output.stdout.len() < 1000, "{}", output.stdout.len());
}

#[test]
fn scenes_that_are_no_text_and_too_long_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("bytes.ron"), b"(title: \"\xff\xfe\")").unwrap();
    fs::File::create(path("long.ron")).unwrap().set_len(1 << 40).unwrap();
    fs::create_dir(path("folder.ron")).unwrap();
    assert!(complaint(folder.path(), "check bytes.ron").contains("UTF-8"));
    assert!(complaint(folder.path(), "check long.ron").contains("longer than 16 MiB"));
    assert!(complaint(folder.path(), "run folder.ron").contains("a folder, not a file"));
    let long = format!("({})", " ".repeat(16 << 20));
    assert!(checked(&long).unwrap_err().contains("16 MiB of text at most"));
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo").arg(folder.path().join("pipe.ron")).status();
    assert!(made.is_ok_and(|status| status.success()), "a pipe to try it with");
    for scene in ["pipe.ron", "/dev/zero", "/dev/tty"] {
        let complaint = complaint(folder.path(), &format!("check {scene}"));
        assert!(
            complaint.contains("a pipe, a device or a socket, not a file") || complaint.contains("/dev/tty"),
            "{complaint}"
        );
    }
    let link = folder.path().join("pipe.npy");
    std::os::unix::fs::symlink("pipe.ron", link).unwrap();
    let text = "(groups: {\"a\": (size: 2, behaviours: [Izhikevich(v: \"array('pipe.npy')\")])})";
    fs::write(folder.path().join("net.ron"), text).unwrap();
    assert!(complaint(folder.path(), "run net.ron").contains("a pipe"));
}

/// Every reader of files, once for a file that lies outside.
#[test]
fn files_outside_the_scenes_folder_are_read_only_if_that_is_allowed() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("scene");
    fs::create_dir(&folder).unwrap();
    let mut numbers = cortecs::npy::Writer::create(&outer.path().join("v.npy"), cortecs::npy::Dtype::F64, &[]).unwrap();
    numbers.append(&[0; 16]).unwrap();
    numbers.finish().unwrap();
    fs::write(outer.path().join("list.csv"), "0,1\n1,0\n").unwrap();
    let mut picture = png::Encoder::new(fs::File::create(outer.path().join("p.png")).unwrap(), 2, 1);
    picture.set_color(png::ColorType::Grayscale);
    picture.write_header().unwrap().write_image_data(&[0, 255]).unwrap();
    let absolute = outer.path().join("v.npy").display().to_string().replace('\\', "/");
    let cells = |behaviour: &str| format!("(groups: {{\"a\": (size: 2, behaviours: [{behaviour}])}})");
    let scenes = [
        cells("Izhikevich(v: \"array('../v.npy')\")"),
        cells(&format!("Izhikevich(v: \"array('{absolute}')\")")),
        cells("SpikeSource(file: \"../list.csv\")"),
        cells("RateUnit(), ImageInput(file: \"../p.png\")"),
        cells("RateUnit(), Replay(file: \"../v.npy\")"),
        "(groups: {\"a\": (size: 2, behaviours: [Izhikevich()])},
        synapses: [(from: \"a\", to: \"a\", connectivity: EdgeList(file: \"../list.csv\"))])"
            .to_owned(),
        "(groups: {\"a\": (size: 1, behaviours: [Izhikevich()]), \"b\": (size: 2, behaviours: [Izhikevich()])},
        synapses: [(from: \"a\", to: \"b\", connectivity: AllToAll(), weights: \"array('../v.npy')\")])"
            .to_owned(),
    ];
    for scene in scenes {
        fs::write(folder.join("net.ron"), &scene).unwrap();
        let complaint = complaint(&folder, "check net.ron");
        assert!(
            complaint.contains("lies outside the folder") && complaint.contains("--allow-outside-files"),
            "{complaint}"
        );
        let allowed = cortecs(&folder, "check net.ron --allow-outside-files");
        let said = String::from_utf8(allowed.stderr).unwrap();
        assert!(!said.contains("outside"), "{scene}: {said}");
    }
}

/// A zip archive with one deflated member `a.npy`, written by hand: its checksum is right.
fn archive(member: &[u8]) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    std::io::Write::write_all(&mut packed, member).unwrap();
    let (packed, mut crc) = (packed.finish().unwrap(), Crc::new());
    crc.update(member);
    let common = |bytes: &mut Vec<u8>| {
        bytes.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
        for number in [crc.sum(), packed.len() as u32, member.len() as u32] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([5, 0, 0, 0]);
    };
    let mut bytes = b"PK\x03\x04".to_vec();
    common(&mut bytes);
    bytes.extend(b"a.npy");
    bytes.extend(&packed);
    let start = bytes.len() as u32;
    bytes.extend(b"PK\x01\x02\x14\0");
    common(&mut bytes);
    bytes.extend([0; 14]);
    bytes.extend(b"a.npy");
    let length = bytes.len() as u32 - start;
    bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    bytes.extend(length.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn arrays_that_lie_about_their_size_take_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let load = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        cortecs::npy::load(&path).unwrap_err().to_string()
    };
    assert!(load(&npy("<f8", "(1000000000000,)", &[0; 80])).contains("truncated"));
    assert!(load(&npy("<f8", "(4294967296, 4294967296, 4294967296)", &[0; 80])).contains("no memory holds"));
    assert!(load(&npy("|O", "(1,)", b"\x80\x04cos\nsystem\n.")).contains("elements of type |O are not supported"));
    let unpack = |member: &[u8]| {
        fs::write(&path, archive(member)).unwrap();
        cortecs::npy::load_from_npz(&path, "a").map(|array| array.data.len()).map_err(|error| error.to_string())
    };
    assert_eq!(unpack(&npy("|u1", "(3,)", &[7; 3])), Ok(3));
    assert!(unpack(&npy("|u1", "(3,)", &[0; 1 << 20])).unwrap_err().contains("more data than the header promises"));
    assert!(unpack(&npy("|u1", "(9000000000000000,)", &[0; 1 << 20])).unwrap_err().contains("no memory holds"));
    // A file that takes no room on the disk, and none in memory.
    let lie = npy("<f8", "(1000000000000,)", &[]);
    fs::write(&path, &lie).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    if file.set_len(lie.len() as u64 + 8_000_000_000_000).is_ok() {
        assert!(cortecs::npy::load(&path).unwrap_err().to_string().contains("no memory holds"));
    }
}

#[test]
fn a_picture_that_promises_more_pixels_than_its_file_can_hold_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let picture = fs::File::create(folder.path().join("p.png")).unwrap();
    let mut encoder = png::Encoder::new(picture, 65_535, 65_535);
    encoder.set_color(png::ColorType::Grayscale);
    // The header alone.
    drop(encoder.write_header().unwrap());
    let text = "(groups: {\"a\": (size: (65535, 65535), behaviours: [RateUnit(), ImageInput(file: \"p.png\")])})";
    fs::write(folder.path().join("net.ron"), text).unwrap();
    let complaint = complaint(folder.path(), "check net.ron");
    assert!(complaint.contains("too short for so many pixels") || complaint.contains("p.png"), "{complaint}");
}

#[cfg(feature = "plot")]
#[test]
fn a_report_names_files_of_its_own_folder_only() {
    let folder = tempfile::tempdir().unwrap();
    let text = "(iterations: 5, groups: {\"a\": (size: 2, behaviours: [Izhikevich()])}, recorders: [VariableRecorder(of: [\"a.v\"])])";
    fs::write(folder.path().join("net.ron"), text).unwrap();
    assert!(cortecs(folder.path(), "run net.ron --out run --quiet").status.success());
    let report = folder.path().join("run/report.json");
    let text = fs::read_to_string(&report).unwrap();
    fs::write(&report, text.replace("\"a.v.npy\"", "\"../run/a.v.npy\"")).unwrap();
    assert!(complaint(folder.path(), "plot run").contains("no file of this run folder"));
}

#[test]
fn names_that_differ_in_their_case_alone_have_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let cells = "(size: 2, behaviours: [Izhikevich()])";
    let text = format!(
        "(iterations: 5, groups: {{\"A\": {cells}, \"a\": {cells}}}, recorders: [VariableRecorder(of: [\"a.v\", \"A.v\"]), VariableRecorder(of: [\"a.v\"])])"
    );
    fs::write(folder.path().join("net.ron"), text).unwrap();
    assert!(cortecs(folder.path(), "run net.ron --out run --quiet --no-plots").status.success());
    let names = fs::read_dir(folder.path().join("run")).unwrap().map(|file| file.unwrap().file_name());
    let lower: std::collections::BTreeSet<String> =
        names.map(|name| name.to_string_lossy().to_lowercase()).filter(|name| name.ends_with(".npy")).collect();
    assert_eq!(lower.len(), 3, "{lower:?}");
}
