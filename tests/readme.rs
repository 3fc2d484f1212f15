//! What the README and the guide show in Rust, pasted into a crate that depends on cortecs alone: built offline, from the same lock file.

use std::{fs, path::Path, process::Command};

const MANIFEST: &str = r#"
[package]
name = "pasted"
version = "0.0.0"
edition = "2024"

[dependencies]
cortecs = { path = "PATH", default-features = false }

[workspace]
"#;

/// The Rust blocks of a text in Markdown.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match (open, line) {
            (false, "```rust") => {
                blocks.push(String::new());
                open = true;
            }
            (true, "```") => open = false,
            (true, line) => {
                if let Some(block) = blocks.last_mut() {
                    block.push_str(line);
                    block.push('\n');
                }
            }
            _ => {}
        }
    }
    blocks
}

/// A block as a program: as it stands, or within `main`.
fn program(block: &str) -> String {
    if block.contains("fn main()") { block.to_owned() } else { format!("fn main() {{\n{block}}}\n") }
}

#[test]
fn what_is_shown_compiles_where_cortecs_is_the_only_dependency() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pasted");
    let programs = folder.join("src/bin");
    fs::create_dir_all(&programs).unwrap();
    fs::write(folder.join("Cargo.toml"), MANIFEST.replace("PATH", &root.display().to_string())).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let pages = ["README.md", "src/guide/author.md"].map(|page| fs::read_to_string(root.join(page)).unwrap());
    let blocks: Vec<String> = pages.iter().flat_map(|page| blocks(page)).collect();
    assert!(blocks.len() > 2, "{blocks:?}");
    for (k, block) in blocks.iter().enumerate() {
        fs::write(programs.join(format!("block_{k}.rs")), program(block)).unwrap();
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut check = Command::new(cargo);
    check.args(["check", "--offline", "--bins", "--quiet"]).current_dir(&folder);
    // Beside the build that runs this test, which may hold its own folder.
    let checked = check.env("CARGO_TARGET_DIR", folder.join("target")).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
