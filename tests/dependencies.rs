//! What the crate is built of, as far as it can be told without a network: licences, sources, packages that come twice, and
//! where `unsafe` is forbidden.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::Value as Json;

/// Licences under which everything may be used by anybody, with a notice at most.
const LICENCES: [&str; 10] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "0BSD",
];

/// Packages of which two versions or more are built in, as those who need them have not agreed yet.
const TWICE: [&str; 9] = [
    "cpufeatures",
    "embedded-io",
    "foldhash",
    "hashbrown",
    "miniz_oxide",
    "rand_core",
    "rustc-hash",
    "syn",
    "windows-link",
];

/// Packages that nobody keeps any more, from the advisories of `RustSec` as they were known on 2026-11-26.
const UNKEPT: [&str; 14] = [
    "ansi_term",
    "atty",
    "bincode",
    "derivative",
    "fxhash",
    "instant",
    "json",
    "number_prefix",
    "paste",
    "proc-macro-error",
    "serde_yaml",
    "stdweb",
    "term_size",
    "yaml-rust",
];

/// The target that the tests are built for, if that is the compiler's own.
fn host() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let said = Command::new(rustc).arg("-vV").output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn packages() -> Vec<Json> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", &host()];
    let output = Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let Ok(Json::Object(mut all)) = serde_json::from_slice(&output.stdout) else { panic!("an object") };
    let Some(Json::Array(packages)) = all.remove("packages") else { panic!("a list of packages") };
    assert!(packages.len() > 100, "{}", packages.len());
    packages
}

fn text<'a>(package: &'a Json, field: &str) -> &'a str {
    package[field].as_str().unwrap_or_default()
}

/// Whether an expression of SPDX can be met: one licence of each alternative, all of those that are joined.
fn may_be_used(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" AND ").all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

#[test]
fn everything_may_be_used_by_anybody_and_comes_from_the_registry() {
    for package in packages() {
        let (name, licence) = (text(&package, "name"), text(&package, "license"));
        assert!(may_be_used(licence), "{name}: {licence}");
        let source = text(&package, "source");
        let own = name == "cortecs" && source.is_empty();
        assert!(own || source.contains("github.com/rust-lang/crates.io-index"), "{name}: {source}");
    }
    assert!(may_be_used("(MIT OR Apache-2.0) AND Unicode-3.0") && may_be_used("Unlicense/MIT"));
    assert!(!may_be_used("GPL-3.0-only") && !may_be_used("MIT AND GPL-3.0-only") && !may_be_used(""));
}

#[test]
fn no_package_comes_twice_or_is_kept_by_nobody_unless_it_is_listed() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        versions.entry(text(&package, "name").into()).or_default().push(text(&package, "version").into());
    }
    for (name, versions) in versions {
        assert!(versions.len() == 1 || TWICE.contains(&&*name), "{name}: {versions:?}");
        assert!(!UNKEPT.contains(&&*name), "{name}");
    }
}

/// Whatever a file says, its module forbids `unsafe`; the kernels may have some where it is expected.
#[test]
fn unsafe_code_is_forbidden_outside_the_kernels() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for entry in fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The root holds nothing but its modules, and cannot forbid what one of them may do.
        if name == "numeric" || name == "lib.rs" || name.ends_with(".md") {
            continue;
        }
        let root = if path.is_dir() { path.join("mod.rs") } else { path };
        assert!(fs::read_to_string(&root).unwrap().contains("\n#![forbid(unsafe_code)]\n"), "{}", root.display());
        seen += 1;
    }
    assert!(seen >= 18, "{seen}");
}
